// A messages page as people write them for a backend with WebSockets: it lists with its user's id in the path, sends to
// `/api/messages/send` with the conversation's id as `recipientId`, tries SockJS first, and polls when that fails. It knows
// nothing of entity tags, cursors or any header field of the answers.

const EVERY = 5000;

// The page's own timers, which a test replaces.
const timers = {
  every: (interval, task) => setInterval(task, interval),
  after: (delay, task) => setTimeout(task, delay),
};

// The bearer token, from the application's own server: HS256 with the claims sub, email and tenantId.
class Auth {
  constructor(user) {
    this.user = user;
  }

  async logIn() {
    const answer = await fetch(`/auth/token?user=${this.user}`, {method: 'POST'});
    this.token = await answer.text();
    this.claims = JSON.parse(atob(this.token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/')));
  }
}

// What Angular's HttpClient sends, through either of the browser's two interfaces; a 401 renews the token once.
class HttpClient {
  constructor(base, auth, transport) {
    Object.assign(this, {base, auth, send: transport === 'fetch' ? viaFetch : viaXMLHttpRequest});
  }

  async request(method, path, body) {
    const answer = await this.once(method, path, body);
    if (answer.status !== 401) return answer;
    await this.auth.logIn();
    return this.once(method, path, body);
  }

  once(method, path, body) {
    const headers = {Accept: 'application/json, text/plain, */*', Authorization: `Bearer ${this.auth.token}`};
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    return this.send(method, new URL(path, this.base).href, headers, body && JSON.stringify(body));
  }
}

async function viaFetch(method, url, headers, body) {
  const answer = await fetch(url, {method, headers, body});
  return {status: answer.status, url: answer.url, field: name => answer.headers.get(name), body: await answer.json()};
}

async function viaXMLHttpRequest(method, url, headers, body) {
  const request = new XMLHttpRequest();
  request.open(method, url);
  for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
  await new Promise((resolve, reject) => {
    request.onload = resolve;
    request.onerror = () => reject(new TypeError(`${method} ${url} failed`));
    request.send(body);
  });
  const field = name => request.getResponseHeader(name);
  return {status: request.status, url: request.responseURL, field, body: JSON.parse(request.responseText)};
}

class MessagingService {
  constructor(http, auth) {
    Object.assign(this, {http, auth});
  }

  list() {
    return this.ask('GET', `conversations/${this.auth.claims.sub}`);
  }

  send(conversation, content) {
    const {sub, tenantId} = this.auth.claims;
    return this.ask('POST', 'send', {senderId: sub, recipientId: conversation, tenantId, content});
  }

  conversations() {
    return this.ask('GET', 'conversations');
  }

  messages(conversation) {
    return this.ask('GET', `conversations/${conversation}/messages`);
  }

  post(conversation, content) {
    const {sub, tenantId} = this.auth.claims;
    return this.ask('POST', `conversations/${conversation}/messages`, {senderId: sub, recipientId: conversation, tenantId, content});
  }

  read(conversation) {
    return this.ask('PUT', `conversations/${conversation}/read`, {});
  }

  async ask(method, path, body) {
    const answer = await this.http.request(method, `api/messages/${path}`, body);
    if (answer.status >= 300) throw Object.assign(new Error(answer.body.detail), {status: answer.status});
    return answer.body;
  }
}

class App {
  constructor(base, user, transport) {
    this.base = base.endsWith('/') ? base : `${base}/`;
    this.auth = new Auth(user);
    this.http = new HttpClient(this.base, this.auth, transport);
    this.service = new MessagingService(this.http, this.auth);
    this.conversations = [];
    this.polls = false;
  }

  async start() {
    await this.auth.logIn();
    await this.connect();
  }

  // Resolves once the connection is open or has failed.
  connect() {
    return new Promise(resolve => {
      const socket = new SockJS(new URL('ws', this.base).href);
      socket.onopen = resolve;
      socket.onclose = () => {
        timers.after(EVERY, () => this.connect());
        resolve(this.fallBack());
      };
    });
  }

  async fallBack() {
    if (this.polls) return;
    this.polls = true;
    show('state', 'polling');
    timers.every(EVERY, () => this.poll());
    await this.poll();
  }

  poll() {
    return this.shows(async () => {
      this.conversations = await this.service.list();
    });
  }

  open(id) {
    this.selected = id;
    return this.shows(async () => {
      const messages = await this.service.messages(id);
      await this.service.read(id);
      this.conversations.find(conversation => conversation.id === id).messages = messages;
    });
  }

  send(content) {
    return this.shows(async () => {
      const sent = await this.service.send(this.selected, content);
      this.conversations.find(conversation => conversation.id === this.selected).messages.push(sent);
    });
  }

  // Shows what there is after some work, or the sentence of the answer that refused it.
  async shows(work) {
    try {
      await work();
      show('problem', '');
    } catch (error) {
      show('problem', `${error.status ?? 'failed'}: ${error.message}`);
    }
    const selected = this.conversations.find(conversation => conversation.id === this.selected);
    list('conversations', this.conversations, ({name, lastMessage, unread}) => `${name} | ${lastMessage} | ${unread}`);
    const line = ({content, sent, read}) => `${sent ? 'me' : 'they'} | ${content} | ${read ? 'read' : 'new'}`;
    list('messages', selected?.messages ?? [], line);
  }
}

function show(id, text) {
  document.getElementById(id).textContent = text;
}

function list(id, entries, line) {
  document.getElementById(id).replaceChildren(...entries.map(entry => {
    const item = document.createElement('li');
    item.textContent = line(entry);
    return item;
  }));
}
