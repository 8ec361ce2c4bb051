// The types of postbox.js.

export interface Person {
  id: string;
  name: string;
  company: string | null;
}

export interface Message {
  /** `{conversationId}:{n}`, where n counts 1, 2, 3 … in each conversation. */
  id: string;
  conversationId: string;
  senderId: string;
  /** The other participant; null in a conversation of three or more. */
  receiverId: string | null;
  content: string;
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Whether every other participant has read it, or, for a received message, whether the user has. */
  read: boolean;
  /** Whether the user wrote it. */
  sent: boolean;
  clientMessageId?: string;
}

export interface Conversation {
  id: string;
  /** Name, company and initials of the other participants. */
  name: string;
  company: string | null;
  initials: string;
  lastMessage: string | null;
  lastMessageTime: string | null;
  unread: number;
  /** At most 20 of them, the user among them. */
  participants: Person[];
  participantCount: number;
  /** The newest one. */
  messages: Message[];
}

/** A message that the server does not have yet. */
export interface Outgoing {
  key: string;
  to: string;
  participants?: string[];
  content: string;
  /** Milliseconds since 1970. */
  at: number;
  /** Why the server refused it for good. Then it takes `resend` or `discard`; else it is tried again. */
  refusal?: string;
}

export interface ConversationView {
  /** For a conversation that was opened as `@user`, its own id once there is one. */
  id: string;
  /** Undefined until the server has been asked; false where there is no such conversation, or not one of the user's. */
  exists?: boolean;
  /** What the list says of it, where that is known. */
  conversation?: Conversation;
  /** Oldest first. */
  messages: Message[];
  outgoing: Outgoing[];
  /** Whether `older(id)` brings more. */
  hasOlder: boolean;
}

export interface Status {
  /** `paused` in a hidden tab; `offline` without an answer; `refused` where the server says no. */
  state: 'connecting' | 'live' | 'paused' | 'offline' | 'refused';
  /** The error of the state `offline` or `refused`; its message is the server's own sentence. */
  error?: { message: string; status?: number };
  /** Whether the server answers polls as soon as there is news. */
  waits: boolean;
  /** When the next poll is, in milliseconds since 1970; 0 while one waits for its answer. */
  nextAt: number;
}

export interface Options {
  /** Where Postbox is, with a slash at its end; without it, beside this module. */
  url?: string | URL;
  /** Returns a bearer token. It is called for the first request, and with the token that was refused after a 401. */
  token?: string | ((refused?: string) => string | Promise<string>);
  /** Header fields of every request. */
  headers?: Record<string, string> | (() => Record<string, string> | Promise<Record<string, string>>);
  credentials?: RequestCredentials;
  /** Names who is signed in. Tabs with the same user share one poll, and what is not sent yet outlives a reload of the tab. */
  user?: string;
  /** The seconds that a poll may wait for news, 60 without it; 0 polls at the server's interval. */
  wait?: number;
  /** Whether hidden tabs go on. Without it they pause. */
  background?: boolean;
  /** Where unsent messages are kept; without it, the tab's `sessionStorage` where there is a `user`, and else nowhere. */
  storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  /** Makes the requests, in the place of the global `fetch`. */
  fetch?: typeof fetch;
  onStatus?: (status: Status) => void;
  /** Ends everything, like `close`. */
  signal?: AbortSignal;
}

/** The server's refusal. */
export class PostboxError extends Error {
  readonly status: number;
  /** `urn:postbox:problem:…` */
  readonly type?: string;
  /** Seconds. */
  readonly retryAfter: number;
}

/** One user's conversations. It makes requests while one of its iterations runs, or a message is to be sent. */
export class Postbox {
  constructor(options?: Options);
  /** As in the options; a change takes effect at once. */
  wait: number;
  readonly status: Status;
  /** Whether `older()` brings more conversations. */
  readonly hasOlder: boolean;
  /** All conversations that are known, latest activity first, now and after each change. Ends with the signal, or by `break`. */
  conversations(options?: { signal?: AbortSignal }): AsyncGenerator<Conversation[], void, void>;
  /** A conversation with its messages, now and after each change. `@user` is the direct conversation with a user. */
  conversation(id: string, options?: { signal?: AbortSignal }): AsyncGenerator<ConversationView, void, void>;
  /** Fetches the older messages of a conversation that is iterated, or older conversations. Returns whether there are more. */
  older(id?: string): Promise<boolean>;
  /**
   * Sends a message, again and again until the server has it, and stored once. Rejects where the server refuses it for good.
   * With `participants`, the first message opens a conversation with this id.
   */
  send(id: string, content: string, options?: { participants?: string[] }): Promise<Message>;
  /** Tries a refused message again. */
  resend(key: string): void;
  /** Drops a message that is not sent yet. */
  discard(key: string): void;
  /** Marks what is received as read up to a message, by its id, or all of it. */
  markAsRead(id: string, upTo?: string): Promise<{ conversationId: string; readUpTo: string | null; unread: number }>;
  /** Polls and sends now, without waiting for the next try. */
  retry(): void;
  /** Ends all requests and iterations. Unsent messages are kept. */
  close(): void;
  /** Ends all requests and iterations, and drops unsent messages: for signing out. */
  forget(): void;
}
