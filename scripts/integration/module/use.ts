// A use of the client module that has to compile.
import { ConversationView, Message, Postbox, PostboxError } from './postbox.js';

const ending = new AbortController();
const postbox = new Postbox({
  url: 'https://postbox.example/', user: 'lee', wait: 30, signal: ending.signal,
  token: async (refused?: string) => refused ?? 'token',
  onStatus: ({ state, error, waits }) => console.log(state === 'live' && waits, error?.message),
});

async function list(): Promise<void> {
  for await (const conversations of postbox.conversations({ signal: ending.signal })) {
    const unread: number = conversations.reduce((sum, { unread }) => sum + unread, 0);
    console.log(unread, conversations[0]?.participants[0].company?.length);
  }
}

async function open(id: string): Promise<ConversationView | undefined> {
  for await (const view of postbox.conversation(id)) {
    if (view.hasOlder) await postbox.older(view.id);
    for (const { refusal, key } of view.outgoing) if (refusal) postbox.discard(key);
    if (view.exists) return view;
  }
  return undefined;
}

async function write(): Promise<void> {
  try {
    const message: Message = await postbox.send('@dana', 'Hello!');
    const { unread, readUpTo } = await postbox.markAsRead(message.conversationId, message.id);
    console.log(unread, readUpTo?.length);
  } catch (error) {
    if (error instanceof PostboxError) console.log(error.status, error.retryAfter);
  }
}

void list().then(() => open('@dana')).then(write).finally(() => postbox.close());
