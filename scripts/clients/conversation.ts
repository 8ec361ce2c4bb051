// A whole conversation through the TypeScript client that openapi-generator makes for fetch.
//
// The environment names the server (ORIGIN), one that is strict (STRICT), and the tokens of two people and a stranger (ANN, BEA, EVE).

import {
    AddressedMessage, ApiResponse, CompatibilityApi, Configuration, Conversation, DescriptionApi, Message, MessagesApi, NewMessage, OperationsApi, Problem, ProblemFromJSON,
    ProblemType, ReadReceipt, ResponseError,
} from './typescript';

declare const process: { env: Record<string, string>; exitCode: number };

function configuration(name?: string, server = 'ORIGIN'): Configuration {
    return new Configuration({ basePath: process.env[server], accessToken: name && process.env[name] });
}

const [ann, bea, eve] = ['ANN', 'BEA', 'EVE'].map(name => new MessagesApi(configuration(name)));
const nobody = new MessagesApi(configuration());

function equal(found: unknown, expected: unknown): void {
    const [left, right] = [JSON.stringify(found), JSON.stringify(expected)];
    if (left !== right) throw new Error(`expected ${right}, found ${left}`);
}

function contents(messages: Message[]): string[] {
    return messages.map(message => message.content);
}

function send(who: MessagesApi, id: string, content: string, more: Partial<NewMessage> = {}, idempotencyKey?: string):
    Promise<ApiResponse<Message>> {
    return who.sendMessageRaw({ id, newMessage: { content, ...more }, idempotencyKey });
}

async function thrown(request: Promise<unknown>): Promise<Response> {
    try {
        await request;
    } catch (error) {
        if (error instanceof ResponseError) return error.response;
        throw error;
    }
    throw new Error('it was not refused');
}

// An error is a response with a problem of its own type, from a closed list.
async function refused(type: ProblemType, request: Promise<unknown>): Promise<[Problem, Headers]> {
    const response = await thrown(request);
    const problem: Problem = ProblemFromJSON(await response.json());
    equal([problem.type, problem.status], [type, response.status]);
    if (!problem.title || !problem.detail) throw new Error('a problem has a title and a detail');
    return [problem, response.headers];
}

async function openAndSend(): Promise<void> {
    equal((await ann.listConversations()).map(conversation => conversation.id), ['long']);
    const message = await (await send(ann, 'application-1', 'Hello, Bea!', { receiverId: 'bea' })).value();
    equal([message.id, message.senderId, message.receiverId], ['application-1:1', 'ann', 'bea']);
    equal([message.sent, message.read, message.clientMessageId], [true, false, undefined]);
    equal(message.timestamp instanceof Date && Math.abs(Date.now() - message.timestamp.getTime()) < 60_000, true);

    const once = await send(bea, 'application-1', 'Hello, Ann!', {}, 'once');
    const again = await send(bea, 'application-1', 'Hello, Ann!', {}, 'once');
    const stored = await once.value();
    equal(stored.id, 'application-1:2');
    equal(await again.value(), stored);
    equal([once, again].map(answer => answer.raw.headers.get('Idempotency-Replayed')), [null, 'true']);

    const [conversation, other]: Conversation[] = await ann.listConversations({ messages: 1 });
    equal([conversation.id, conversation.name, conversation.unread, other.id], ['application-1', 'Bea Best', 1, 'long']);
    equal(contents(conversation.messages), ['Hello, Ann!']);
    equal(conversation.participants.map(participant => participant.id), ['ann', 'bea']);
}

async function pollByEntityTag(): Promise<void> {
    const polls: ((ifNoneMatch?: string) => Promise<ApiResponse<unknown>>)[] = [
        ifNoneMatch => ann.listConversationsRaw({ ifNoneMatch }),
        ifNoneMatch => ann.listMessagesRaw({ id: 'application-1', ifNoneMatch }),
    ];
    for (const ask of polls) {
        const known = (await ask()).raw.headers;
        const tag = known.get('ETag') ?? '';
        // This generator takes whatever is not 2xx for an error.
        const unchanged = await thrown(ask(tag));
        equal([unchanged.status, unchanged.headers.get('X-Cursor')], [304, known.get('X-Cursor')]);
        equal(unchanged.headers.get('X-Poll-Interval'), '10');
        await send(bea, 'application-1', 'Still there?');
        const changed = await ask(tag);
        equal([changed.raw.status, changed.raw.headers.get('ETag') === tag], [200, false]);
    }
}

async function pollByCursorAndRead(): Promise<void> {
    const id = 'application-1';
    const known = await ann.listMessagesRaw({ id });
    let since = known.raw.headers.get('X-Cursor') ?? '';
    equal(await ann.listMessages({ id, since }), []);
    await send(bea, id, 'Ann?');
    const delta = await ann.listMessagesRaw({ id, since });
    const [message, ...rest] = await delta.value();
    equal([message.content, message.read, rest], ['Ann?', false, []]);
    since = delta.raw.headers.get('X-Cursor') ?? '';

    const receipt: ReadReceipt = await ann.markAsRead({ id, readPosition: { upTo: `${id}:3` } });
    equal([receipt.readUpTo, receipt.unread], [`${id}:3`, 2]);
    equal((await ann.markAsRead({ id })).unread, 0);
    const flipped = await ann.listMessages({ id, since });
    equal(flipped.map(message => [message.id, message.read]), [2, 3, 4, 5].map(n => [`${id}:${n}`, true]));
}

async function pollAndWait(): Promise<void> {
    const id = 'application-1';
    const known = (await ann.listMessagesRaw({ id, prefer: 'wait=20' })).raw.headers;
    equal([known.get('Preference-Applied'), known.get('X-Poll-Interval')], ['wait=20', '0']);
    const waiting = ann.listMessages({ id, since: known.get('X-Cursor') ?? '', prefer: 'wait=20' });
    await send(bea, id, 'Waiting?');
    equal(contents(await waiting), ['Waiting?']);
    const ifNoneMatch = (await ann.listConversationsRaw({})).raw.headers.get('ETag') ?? '';
    const unchanged = await thrown(ann.listConversationsRaw({ ifNoneMatch, prefer: 'wait=1' }));
    equal([unchanged.status, unchanged.headers.get('Preference-Applied')], [304, 'wait=1']);
}

async function pageThrough(id: string, count: number): Promise<void> {
    const expected = Array.from({ length: count }, (_, index) => `message ${index + 1}`);
    let all = await ann.listMessages({ id, limit: 150 });
    while (all[0].id !== `${id}:1`) {
        all = [...await ann.listMessages({ id, limit: 150, before: all[0].id }), ...all];
    }
    equal(contents(all), expected);

    const seen: string[] = [];
    for (let since = '0'; ;) {
        const page = await ann.listMessagesRaw({ id, limit: 150, since });
        const messages = await page.value();
        if (messages.length === 0) break;
        seen.push(...contents(messages));
        since = page.raw.headers.get('X-Cursor') ?? '';
    }
    equal(seen, expected);
}

async function otherWords(): Promise<void> {
    const id = 'application-1';
    const known = await bea.getConversationRaw({ id, messages: 1 });
    const conversation: Conversation = await known.value();
    equal([conversation.name, conversation.participants.map(participant => participant.id)], ['Ann Archer', ['ann', 'bea']]);
    const ifNoneMatch = known.raw.headers.get('ETag') ?? '';
    equal((await thrown(bea.getConversation({ id, messages: 1, ifNoneMatch }))).status, 304);
    const [anns, beas] = ['ANN', 'BEA'].map(name => new CompatibilityApi(configuration(name)));
    const ways: Partial<AddressedMessage>[] = [{ conversationId: id }, { recipientId: id }];
    for (const way of ways) {
        const sent = await anns.send({ addressedMessage: { content: 'In other words', ...way } });
        equal([sent.conversationId, sent.receiverId], [id, 'bea']);
        equal((await beas.markAsReadByPost({ id, readPosition: { upTo: sent.id } })).readUpTo, sent.id);
        equal((await beas.markAsReadByPatch({ id })).unread, 0);
    }
}

async function errors(): Promise<void> {
    const id = 'application-1';
    await refused(ProblemType.MALFORMED_REQUEST, ann.listConversations({ limit: 0 }));
    await refused(ProblemType.MALFORMED_CURSOR, ann.listConversations({ since: '?' }));
    const [, headers] = await refused(ProblemType.UNAUTHENTICATED, nobody.listConversations());
    equal(headers.get('WWW-Authenticate')?.startsWith('Bearer'), true);
    await refused(ProblemType.SENDER_MISMATCH, send(ann, id, 'I am Bea.', { senderId: 'bea' }));
    await refused(ProblemType.CONVERSATION_NOT_FOUND, eve.listMessages({ id }));
    await refused(ProblemType.CONVERSATION_NOT_FOUND, send(ann, 'nowhere', 'Hello?'));
    await refused(ProblemType.CURSOR_EXPIRED, ann.listMessages({ id, since: 'zz.1.1.1' }));
    await refused(ProblemType.CONTENT_TOO_LARGE, send(ann, id, 'x'.repeat(20_000)));
    await refused(ProblemType.UNSUPPORTED_MEDIA_TYPE, ann.sendMessage(
        { id, newMessage: { content: 'Hello?' } }, { headers: { Authorization: `Bearer ${process.env.ANN}`, 'Content-Type': 'text/html' } }));
    await refused(ProblemType.INVALID_MESSAGE, send(ann, id, ' '));
    await refused(ProblemType.IDEMPOTENCY_CONFLICT, send(bea, id, 'Something else', {}, 'once'));
    await refused(ProblemType.INVALID_READ_POSITION, ann.markAsRead({ id, readPosition: { upTo: 'long:1' } }));
    const [polling] = await refused(ProblemType.POLLING_ONLY, new OperationsApi(configuration()).getWebSocketRaw({}));
    equal(polling.endpoints?.length, 4);

    const strict = new MessagesApi(configuration('ANN', 'STRICT'));
    await refused(ProblemType.OPENING_FORBIDDEN, send(strict, id, 'Hello!', { receiverId: 'bea' }));
    equal(await strict.listConversations(), []);
    const [, limited] = await refused(ProblemType.RATE_LIMITED, strict.listConversations());
    equal(Number(limited.get('Retry-After')) >= 1, true);
}

// Every problem that is described can be read, those too that this conversation cannot bring about.
async function examples(): Promise<void> {
    const described = await new DescriptionApi(configuration()).getDescriptionAsJSON() as any;
    const shown = new Set<ProblemType>();
    for (const response of Object.values<any>(described.components.responses)) {
        for (const example of Object.values<any>(response.content?.['application/problem+json']?.examples ?? {})) {
            shown.add(ProblemFromJSON(example.value).type);
        }
    }
    equal([...shown].sort(), Object.values(ProblemType).sort());
}

async function main(): Promise<void> {
    await openAndSend();
    await pollByEntityTag();
    await pollByCursorAndRead();
    await pollAndWait();
    await otherWords();
    await pageThrough('long', 1000);
    await errors();
    await examples();
}

main().catch(error => {
    console.error(error);
    process.exitCode = 1;
});
