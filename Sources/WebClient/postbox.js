// The client of Postbox for web pages and Node: conversations and messages that stay up to date. Its types are in postbox.d.ts.
// ModuleDocument serves it without indentation and the lines that are only comments: no text literal spans lines.

const TIMEOUT = 15;       // seconds until a request counts as lost
const INTERVAL = 10;      // seconds between polls where the server does not say
const SLOTS = 3;          // waiting polls of one browser at once: it has six HTTP/1.1 connections to a host
const PAGE_SIZE = 50;     // messages fetched when a conversation is opened
const DELTA_SIZE = 100;   // changes fetched at once

const locks = globalThis.document && navigator.locks;

/** The server's refusal, as opposed to no answer at all. */
export class PostboxError extends Error {
  constructor(response, text) {
    let problem;
    try { problem = JSON.parse(text); } catch { /* A proxy's page: the status says enough. */ }
    super(problem?.detail ?? problem?.title ?? `The server answered ${response.status}.`);
    this.name = 'PostboxError';
    this.status = response.status;
    this.type = problem?.type;
    this.retryAfter = Number(response.headers.get('Retry-After')) || 0;
  }
}

const mayPass = ({ status }) => !status || status >= 500 || [401, 408, 429].includes(status);
const numberOf = message => Number(message.id.slice(message.id.lastIndexOf(':') + 1));
const newKey = () => [1, 2, 3].map(() => Math.random().toString(36).slice(2)).join('');

// Longer each time, and random: a server that comes back must not be met by all clients at once.
const backOff = (failures, error) => Math.max(error.retryAfter ?? 0, Math.min(60, 2 ** failures) * (0.5 + Math.random() / 2));

const sleep = (seconds, signal) => new Promise(resolve => {
  if (signal.aborted) return resolve();
  const timer = seconds < Infinity && setTimeout(resolve, 1000 * seconds);
  signal.addEventListener('abort', () => { clearTimeout(timer); resolve(); });
});

// Gives a function that releases the lock, or null where another has it and the options do not wait.
const acquire = (name, options) => new Promise((resolve, reject) => {
  locks.request(name, options, lock => lock ? new Promise(release => resolve(release)) : resolve(null)).catch(reject);
});

function linkTo(relation, { headers, url }) {
  const [, link] = new RegExp(`<([^>]*)>; *rel="${relation}"`).exec(headers.get('Link') ?? '') ?? [];
  return link && new URL(link, url).href;
}

// What is known of a list or of the messages of a conversation, by id, and who wants to know.
class Feed {
  items = new Map();
  watchers = new Set();
  changed() {
    for (const watcher of this.watchers) watcher();
  }
}

export class Postbox {
  #options;
  #api;
  #name;
  #wait;
  #ended = new AbortController();
  #list = new Feed();
  #threads = new Set();
  #outbox = [];
  #marks = new Map();
  #answers = new Map();      // what `send` promised, by the key of the message
  #turn = new AbortController();
  #running = false;
  #writing = false;
  #token;
  #bearer;
  #channel;
  #resign;                   // set while this tab polls for all tabs of the user
  #waits = false;            // whether the server lets polls wait
  #state = 'connecting';
  #pollFailure;
  #writeFailure;
  #failedWrites = 0;
  #nextAt = 0;
  #isProbe = false;          // whether the next poll is to tell soon how things are
  #retry;

  constructor(options = {}) {
    this.#options = options;
    this.#wait = options.wait ?? 60;
    this.#api = new URL('api/messages/conversations', options.url ?? new URL('.', import.meta.url)).href;
    this.#name = `postbox ${this.#api} ${options.user}`;
    try {
      this.#outbox = JSON.parse(this.#storage?.getItem(this.#name)) ?? [];
    } catch { /* It lives as long as the page. */ }
    const { signal } = this.#ended;
    options.signal?.addEventListener('abort', () => this.close(), { signal });
    if (options.signal?.aborted) this.close();
    globalThis.document?.addEventListener('visibilitychange', () => this.#poke(), { signal });
    for (const event of ['online', 'offline']) globalThis.addEventListener?.(event, () => this.retry(), { signal });
  }

  get wait() { return this.#wait; }
  set wait(seconds) {
    this.#wait = seconds;
    this.#isProbe = true;
    this.#poke();
  }
  get hasOlder() { return !!this.#list.older; }
  get status() {
    const error = this.#pollFailure ?? this.#writeFailure;
    const trouble = error && (error.status ? 'refused' : 'offline');
    return { state: this.#state === 'paused' ? 'paused' : trouble ?? this.#state, error, waits: this.#waits, nextAt: this.#nextAt };
  }

  conversations({ signal } = {}) {
    return this.#watch(this.#list, () => [...this.#list.items.values()]
      .sort((a, b) => (b.lastMessageTime ?? '').localeCompare(a.lastMessageTime ?? '')), signal);
  }

  async *conversation(id, { signal } = {}) {
    const thread = Object.assign(new Feed(), { id, stale: true, turn: Promise.resolve() });
    this.#threads.add(thread);
    // Before that, a change could fall between the list and the messages; the list's answer fetches them.
    if (this.#list.cursor && !this.#isHidden) this.#fetchStale().catch(() => this.#poke());
    try {
      yield* this.#watch(thread, () => this.#view(thread), signal);
    } finally {
      this.#threads.delete(thread);
    }
  }

  async older(id) {
    const feed = id === undefined ? this.#list : [...this.#threads].find(thread => thread.id === id);
    const page = feed?.older;
    if (!page) return false;
    const fetch = async () => {
      if (feed.older !== page) return;
      const answer = await this.#request('GET', page);
      if (feed.older !== page) return;
      // What is there already has all changes up to the cursor; in the page it may be from before them.
      for (const item of answer.body) if (!feed.items.has(item.id)) feed.items.set(item.id, item);
      feed.older = linkTo('prev', answer);
      this.#dropPruned(feed, answer);
      feed.changed();
    };
    await (feed.turn ? this.#inTurn(feed, fetch) : fetch());
    return !!feed.older;
  }

  send(id, content, { participants } = {}) {
    const item = { key: newKey(), to: id, participants, content, at: Date.now() };
    const answer = new Promise((resolve, reject) => this.#answers.set(item.key, { resolve, reject }));
    answer.catch(() => {});
    this.#outbox.push(item);
    this.#outboxChanged();
    this.#write();
    return answer;
  }

  resend(key) {
    for (const item of this.#outbox) if (item.key === key) delete item.refusal;
    this.#outboxChanged();
    this.#write();
  }

  discard(key) {
    this.#outbox = this.#outbox.filter(item => item.key !== key);
    this.#outboxChanged();
  }

  markAsRead(id, upTo) {
    let mark = this.#marks.get(id);
    if (!mark) {
      mark = { upTo };
      mark.answer = new Promise((resolve, reject) => Object.assign(mark, { resolve, reject }));
      mark.answer.catch(() => {});
      this.#marks.set(id, mark);
    } else if (!upTo || mark.upTo && numberOf({ id: upTo }) > numberOf({ id: mark.upTo })) {
      mark.upTo = upTo;
    }
    this.#write();
    return mark.answer;
  }

  retry() {
    this.#poke();
    this.#write();
  }

  close() {
    clearTimeout(this.#retry);
    this.#ended.abort();
    this.#poke();
    for (const feed of [this.#list, ...this.#threads]) feed.changed();
  }

  forget() {
    this.#outbox = [];
    this.#outboxChanged();
    this.close();
  }

  // Requests ---------------------------------------------------------------------------------

  async #request(method, url, { headers, body, signal, seconds = 0 } = {}) {
    const { fetch = globalThis.fetch, credentials, headers: own, token } = this.#options;
    for (let bearer, isRenewed = false; ; isRenewed = true) {
      const common = typeof own === 'function' ? await own() : own;
      bearer = token && await this.#bearerToken(bearer);
      const lost = new AbortController();
      const abort = () => lost.abort();
      const timer = setTimeout(abort, 1000 * (seconds + TIMEOUT));
      const signals = [this.#ended.signal, signal].filter(Boolean);
      for (const each of signals) each.aborted ? abort() : each.addEventListener('abort', abort);
      try {
        const response = await fetch(url, {
          method, credentials, signal: lost.signal,
          // The browser's cache would hide a 304, and hold up a poll while another tab has one for the same URL.
          cache: 'no-store',
          headers: { ...common, ...headers, ...(bearer && { Authorization: `Bearer ${bearer}` }), ...(body && { 'Content-Type': 'application/json' }) },
          body: body && JSON.stringify(body),
        });
        const text = await response.text();
        if (response.status === 401 && token && !isRenewed) continue;
        if (!response.ok && response.status !== 304) throw new PostboxError(response, text);
        return { headers: response.headers, url: response.url || url, body: response.status === 304 ? null : JSON.parse(text) };
      } finally {
        clearTimeout(timer);
        for (const each of signals) each.removeEventListener('abort', abort);
      }
    }
  }

  // One renewal for all requests that were refused with the same token.
  #bearerToken(refused) {
    if (!this.#token || refused !== undefined && refused === this.#bearer) {
      const { token } = this.#options;
      this.#bearer = undefined;
      this.#token = (async () => (typeof token === 'function' ? await token(refused) : token) ?? '')();
      this.#token.then(bearer => { this.#bearer = bearer; }, () => { this.#token = null; });
    }
    return this.#token;
  }

  // What changed since the last time, as `body`: null where nothing did.
  async #follow(feed, url, options) {
    const since = feed.cursor;
    const asked = new URL(url);
    if (since) asked.searchParams.set('since', since);
    const headers = { ...options.headers, ...(feed.tag && { 'If-None-Match': feed.tag }) };
    let answer;
    try {
      answer = await this.#request('GET', asked.href, { ...options, headers });
    } catch (error) {
      if (!since || error.status !== 410) throw error;
      // The database was restored, or somebody else is signed in.
      feed.cursor = feed.tag = null;
      return this.#follow(feed, url, options);
    }
    if (answer.body) {
      feed.cursor = answer.headers.get('X-Cursor');
      // A tag belongs to the URL that was asked; a new cursor makes a new URL.
      feed.tag = feed.cursor === since ? answer.headers.get('ETag') : null;
      answer.isSnapshot = !since;
      if (!since) feed.older = linkTo('prev', answer);
    }
    return answer;
  }

  // The list: its changes tell which conversations to fetch ------------------------------------

  // Returns the seconds until the next poll.
  async #pollList(wait, signal) {
    const from = this.#list.cursor, started = Date.now();
    const release = wait > 0 ? await this.#takeSlot() : null;
    let answer;
    try {
      const headers = release ? { Prefer: `wait=${wait}` } : {};
      answer = await this.#follow(this.#list, `${this.#api}?messages=1`, { headers, seconds: wait, signal });
    } finally {
      release?.();
    }
    // One that follows knows from the others' poll.
    if (release || this.#resign || !this.#channel) this.#waits = /\bwait\b/.test(answer.headers.get('Preference-Applied'));
    const { body, isSnapshot } = answer, isNews = body && (isSnapshot || body.length > 0);
    if (isNews) {
      this.#mergeList(body, isSnapshot);
      if (this.#resign) this.#channel.postMessage({ from, to: this.#list.cursor, body, isSnapshot });
    }
    const interval = Number(answer.headers.get('X-Poll-Interval'));
    // An answer that came at once and brought nothing did not wait, whatever it says.
    if (this.#waits) return isNews ? 0 : Math.max(interval, Date.now() - started < 500 ? 1 : 0);
    // An answer may be cut because of its size: that nothing more has changed, only an empty one says.
    return isNews && !isSnapshot ? 0 : interval || INTERVAL;
  }

  async #takeSlot() {
    if (!locks) return () => {};
    for (let n = 1; n <= SLOTS; n++) {
      const release = await acquire(`postbox ${new URL(this.#api).origin} ${n}`, { ifAvailable: true });
      if (release) return release;
    }
  }

  #mergeList(conversations, isSnapshot) {
    if (isSnapshot) {
      this.#list.items.clear();
      for (const thread of this.#threads) thread.cursor = thread.tag = null;
    }
    for (const conversation of conversations) this.#list.items.set(conversation.id, conversation);
    for (const thread of this.#threads) {
      const entry = conversations.find(({ id }) => id === thread.id);
      if (isSnapshot || !thread.exists || entry) thread.stale = true;
      // The next message is here already; what else has changed is asked for.
      const next = !isSnapshot && thread.exists && entry?.messages[0];
      if (next && numberOf(next) === 1 + [...thread.items.values()].reduce((most, message) => Math.max(most, numberOf(message)), 0)) {
        thread.items.set(next.id, next);
        thread.changed();
      }
    }
    this.#list.changed();
  }

  // Messages -----------------------------------------------------------------------------------

  async #fetchStale(signal) {
    const stale = [...this.#threads].filter(thread => thread.stale);
    await Promise.all(stale.map(thread => this.#inTurn(thread, () => this.#fetchMessages(thread, signal))));
  }

  // One after the other: a page and a poll that cross could bring back what has changed since.
  #inTurn(thread, work) {
    return thread.turn = thread.turn.catch(() => {}).then(work);
  }

  async #fetchMessages(thread, signal) {
    while (thread.stale && this.#threads.has(thread)) {
      thread.stale = false;
      const { exists } = thread;
      try {
        const limit = thread.cursor ? DELTA_SIZE : PAGE_SIZE;
        this.#mergeMessages(thread, await this.#follow(thread, `${this.#pathOf(thread.id)}/messages?limit=${limit}`, { signal }));
      } catch (error) {
        // What was sent meanwhile may have opened it.
        if (error.status !== 404 || thread.exists !== exists) thread.stale = true;
        else {
          thread.exists = false;
          thread.cursor = thread.tag = thread.older = null;
          thread.items.clear();
        }
        if (error.status !== 404) throw error;
      }
      thread.changed();
    }
  }

  // Old messages may be removed for everybody; no cursor tells of that.
  #dropPruned({ items }, { headers }) {
    const pruned = Number(headers.get('X-Pruned-Up-To'));
    if (pruned) for (const message of items.values()) if (numberOf(message) <= pruned) items.delete(message.id);
  }

  #mergeMessages(thread, answer) {
    const { body, isSnapshot } = answer;
    thread.exists = true;
    if (isSnapshot) thread.items.clear();
    const oldest = [...thread.items.values()].reduce((least, message) => Math.min(least, numberOf(message)), Infinity);
    for (const message of body ?? []) {
      // A read mark may change above what was fetched; the page there will have it.
      if (isSnapshot || !thread.older || numberOf(message) >= oldest) thread.items.set(message.id, message);
      if (message.sent) this.#settle(message);
    }
    this.#dropPruned(thread, answer);
    const [first] = thread.items.values();
    if (first) this.#rename(thread, first.conversationId);
    // An answer may be cut because of its size; one with the newest message was not.
    const newest = this.#list.items.get(thread.id)?.messages?.at(-1);
    if (body?.length && !isSnapshot && !(newest && numberOf(body.at(-1)) >= numberOf(newest))) thread.stale = true;
  }

  // A conversation that was opened as @user gets its id when there is one.
  #rename(thread, id) {
    for (const item of this.#outbox) if (item.to === thread.id) item.to = id;
    thread.id = id;
  }

  #pathOf(id) { return `${this.#api}/${encodeURIComponent(id)}`; }

  #view(thread) {
    return {
      id: thread.id, exists: thread.exists, conversation: this.#list.items.get(thread.id), hasOlder: !!thread.older,
      messages: [...thread.items.values()].sort((a, b) => numberOf(a) - numberOf(b)),
      outgoing: this.#outbox.filter(({ to }) => to === thread.id).map(item => ({ ...item })),
    };
  }

  // Writing ------------------------------------------------------------------------------------

  get #storage() {
    return this.#options.storage ?? (this.#options.user === undefined ? undefined : globalThis.sessionStorage);
  }

  #outboxChanged() {
    try {
      if (this.#outbox.length) this.#storage?.setItem(this.#name, JSON.stringify(this.#outbox));
      else this.#storage?.removeItem(this.#name);
    } catch { /* Full or forbidden: it lives as long as the page. */ }
    for (const thread of this.#threads) thread.changed();
  }

  // One after the other, and each message with the key of its first try: whatever became of that one, it is stored once.
  async #write() {
    if (this.#writing) return;
    this.#writing = true;
    clearTimeout(this.#retry);
    try {
      while (!this.#ended.signal.aborted) {
        const item = this.#outbox.find(({ refusal }) => !refusal);
        const [mark] = this.#marks;
        if (item) await this.#post(item);
        else if (mark) await this.#mark(...mark);
        else break;
      }
      this.#writeFailure = undefined;
      this.#failedWrites = 0;
    } catch (error) {
      this.#writeFailure = error;
      this.#failedWrites += 1;
      if (!this.#ended.signal.aborted) this.#retry = setTimeout(() => this.#write(), 1000 * backOff(this.#failedWrites, error));
    }
    this.#writing = false;
    this.#tell();
  }

  async #post({ key, to, participants, content }) {
    const body = { content, clientMessageId: key, ...(participants?.length && { participantIds: participants }) };
    try {
      this.#sent(to, (await this.#request('POST', `${this.#pathOf(to)}/messages`, { body })).body);
    } catch (error) {
      if (mayPass(error)) throw error;
      for (const item of this.#outbox) if (item.key === key) item.refusal = error.message;
      this.#outboxChanged();
      this.#answers.get(key)?.reject(error);
    }
  }

  #sent(to, message) {
    for (const thread of this.#threads) {
      if (thread.id !== to && thread.id !== message.conversationId) continue;
      this.#rename(thread, message.conversationId);
      if (!thread.items.has(message.id)) thread.items.set(message.id, message);
      thread.exists = true;
    }
    for (const item of this.#outbox) if (item.to === to) item.to = message.conversationId;
    this.#settle(message);
    this.#written();
  }

  // A message that is found with the key of one that waits need not be sent again.
  #settle(message) {
    const key = message.clientMessageId;
    if (!this.#outbox.some(item => item.key === key)) return;
    this.#answers.get(key)?.resolve(message);
    this.#answers.delete(key);
    this.discard(key);
  }

  async #mark(id, mark) {
    const { upTo } = mark;
    try {
      const { body } = await this.#request('PUT', `${this.#pathOf(id)}/read`, { body: { upTo } });
      if (mark.upTo !== upTo) return;    // More has been read meanwhile.
      this.#marks.delete(id);
      mark.resolve(body);
      this.#written();
    } catch (error) {
      if (mayPass(error)) throw error;
      this.#marks.delete(id);
      mark.reject(error);
    }
  }

  // What was written changes the list. Where no poll waits for that, one has to be made.
  #written() {
    if (!this.#waits) this.#poke();
  }

  // The loop -----------------------------------------------------------------------------------

  get #isHidden() { return !this.#options.background && globalThis.document?.hidden; }
  get #isWanted() { return !this.#ended.signal.aborted && (this.#list.watchers.size || this.#threads.size); }

  // Ends the present poll or pause; the loop begins anew.
  #poke() { this.#turn.abort(); }

  #tell(state = this.#state, nextAt = this.#nextAt) {
    if (this.#ended.signal.aborted) return;
    this.#state = state;
    this.#nextAt = nextAt;
    if (this.#resign) this.#channel.postMessage({ waits: this.#waits, failure: this.#pollFailure && { ...this.#pollFailure, message: this.#pollFailure.message } });
    this.#options.onStatus?.(this.status);
  }

  async *#watch(feed, view, signal) {
    let isNew = feed.cursor || feed.exists === false || this.#outbox.some(({ to }) => to === feed.id), wake = () => {};
    const watcher = () => { isNew = true; wake(); };
    feed.watchers.add(watcher);
    signal?.addEventListener('abort', watcher);
    this.#run();
    try {
      while (!this.#ended.signal.aborted && !signal?.aborted) {
        if (!isNew) await new Promise(resolve => { wake = resolve; });
        if (this.#ended.signal.aborted || signal?.aborted) return;
        isNew = false;
        yield view();
      }
    } finally {
      signal?.removeEventListener('abort', watcher);
      feed.watchers.delete(watcher);
      setTimeout(() => { if (!this.#isWanted) this.#poke(); });
    }
  }

  async #run() {
    if (this.#running) return;
    this.#running = true;
    const isShared = locks && globalThis.BroadcastChannel && this.#options.user !== undefined;
    if (isShared) this.#listen();
    if (this.#outbox.length) this.#write();
    for (let failures = 0; this.#isWanted;) {
      const { signal } = this.#turn = new AbortController();
      let seconds = Infinity;
      try {
        if (this.#isHidden) {
          this.#stopLeading();
          this.#tell('paused', 0);
          this.#isProbe = true;
        } else {
          if (this.#list.cursor) await this.#fetchStale(signal);
          this.#resign ??= isShared ? await acquire(this.#name, { ifAvailable: true }) : undefined;
          const isFollower = isShared && !this.#resign;
          seconds = await this.#pollList(isFollower ? 0 : this.#isProbe ? Math.min(1, this.#wait) : this.#wait, signal);
          await this.#fetchStale(signal);
          failures = 0;
          this.#isProbe = false;
          this.#pollFailure = undefined;
          if (this.#writeFailure && !this.#writeFailure.status) this.#write();
          this.#tell('live', isFollower || !seconds ? 0 : Date.now() + 1000 * seconds);
          if (isFollower) {
            this.#resign = await acquire(this.#name, { signal });
            seconds = 0;
          }
        }
      } catch (error) {
        if (signal.aborted) continue;
        failures += 1;
        this.#isProbe = true;
        seconds = backOff(failures, error);
        this.#pollFailure = error;
        this.#tell(undefined, Date.now() + 1000 * seconds);
      }
      await sleep(seconds, signal);
    }
    this.#stopLeading();
    this.#channel?.close();
    this.#running = false;
  }

  // Several tabs of one person: the one with the lock polls, and tells the others ---------------

  #stopLeading() {
    this.#resign?.();
    this.#resign = undefined;
  }

  #listen() {
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.postMessage({ isNew: true });
    this.#channel.onmessage = ({ data: { isNew, from, to, body, isSnapshot, waits, failure } }) => {
      if (this.#resign && isNew) this.#tell();
      if (this.#resign || this.#isHidden || isNew) return;
      if (!body) {
        this.#waits = waits;
        this.#pollFailure = failure;
        this.#tell();
      } else if (!isSnapshot && this.#list.cursor === from) {
        this.#list.cursor = to;
        this.#list.tag = null;
        this.#mergeList(body);
        this.#fetchStale().catch(() => this.#poke());
      } else if (this.#list.cursor !== to) {
        this.#poke();    // It is behind, and has to ask for itself.
      }
    };
  }
}
