// The client module against a server in demo identity at ORIGIN.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { Postbox } from './postbox.js';

const { ORIGIN } = process.env;
const API = `${ORIGIN}/api/messages/conversations`;

// A test that fails leaves nothing running.
const opened = new Set();
afterEach(() => { for (const postbox of opened) postbox.close(); });

function start(options) {
  const postbox = new Postbox({ url: ORIGIN, ...options });
  opened.add(postbox);
  return postbox;
}

const open = (user, options) => start({ headers: { 'X-User-ID': user }, wait: 5, ...options });

async function ask(user, path, method = 'GET', body = undefined) {
  const response = await fetch(API + path, {
    method, headers: { 'X-User-ID': user, 'Content-Type': 'application/json' }, body: body && JSON.stringify(body),
  });
  assert.ok(response.ok, `${method} ${path}: ${response.status}`);
  return response.json();
}

async function until(condition, what, seconds = 15) {
  for (const end = Date.now() + 1000 * seconds; ;) {
    if (await condition()) return;
    assert.ok(Date.now() < end, `waited ${seconds} s in vain until ${what}`);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

function follow(postbox, id) {
  const seen = {};
  (async () => { for await (const list of postbox.conversations()) seen.list = list; })();
  (async () => { for await (const view of postbox.conversation(id)) seen.view = view; })();
  return seen;
}

const equal = (one, other) => JSON.stringify(one) === JSON.stringify(other);

for (const wait of [5, 0]) {
  test(`merged changes equal a fresh snapshot, wait ${wait}`, async () => {
    const id = `law-${wait}`, people = ['ann', 'bea', 'cem'];
    await ask('ann', `/${id}/messages`, 'POST', { content: 'first', participantIds: people });
    const clients = people.map(user => {
      const postbox = open(user, { wait });
      return { user, postbox, seen: follow(postbox, id) };
    });
    for (let step = 0; step < 120; step++) {
      const { user, postbox } = clients[Math.floor(Math.random() * 3)];
      const chance = Math.random();
      if (chance < 0.3) postbox.send(id, `${step} by ${user}`);
      else if (chance < 0.5) await ask(user, `/${id}/messages`, 'POST', { content: `${step} from elsewhere` });
      else if (chance < 0.7) postbox.markAsRead(id);
      else if (chance < 0.8) await ask(user, `/${id}/read`, 'PUT', {});
      else await new Promise(resolve => setTimeout(resolve, 30 * Math.random()));
    }
    for (const { user, postbox, seen } of clients) {
      await until(async () => {
        if (!wait) postbox.retry();
        await new Promise(resolve => setTimeout(resolve, 100));
        if (seen.view?.outgoing.length !== 0) return false;
        return equal(seen.view.messages, await ask(user, `/${id}/messages?limit=500`)) &&
          equal(seen.list, await ask(user, '?messages=1'));
      }, `${user} sees what there is`);
      postbox.close();
    }
  });
}

test('a message whose answer was lost is stored once', async () => {
  let posts = 0;
  const postbox = open('ann', {
    fetch: async (url, options) => {
      const response = await fetch(url, options);
      if (options.method === 'POST' && ++posts === 1) throw new TypeError('the answer is lost');
      return response;
    },
  });
  const message = await postbox.send('@dee', 'just once');
  assert.equal(posts, 2);
  const stored = await ask('dee', `/${message.conversationId}/messages`);
  assert.deepEqual(stored.map(({ content }) => content), ['just once']);
  postbox.close();
});

test('what nobody has written yet opens with the first message, under its own id', async () => {
  const postbox = open('eve');
  const seen = follow(postbox, '@fay');
  await until(() => seen.view?.exists === false, 'there is no conversation');
  const message = await postbox.send('@fay', 'Hello!');
  await until(() => seen.view.id === message.conversationId && seen.view.messages.length === 1, 'it is there');
  await ask('fay', '/@eve/messages', 'POST', { content: 'Hello, Eve!' });
  await until(() => seen.view.messages.length === 2, 'the answer is there');
  await until(() => seen.list[0].lastMessage === 'Hello, Eve!', 'the list has it');
  postbox.close();
});

test('older pages join without a gap', async () => {
  for (let n = 1; n <= 120; n++) await ask('gil', '/@hal/messages', 'POST', { content: `${n}` });
  const postbox = open('hal');
  const seen = follow(postbox, '@gil');
  await until(() => seen.view?.messages.length === 50 && seen.view.hasOlder, 'the newest are there');
  while (await postbox.older(seen.view.id));
  await until(() => seen.view.messages.length === 120, 'all are there');
  assert.deepEqual(seen.view.messages.map(({ content }) => Number(content)), Array.from({ length: 120 }, (_, n) => n + 1));
  assert.equal(seen.view.hasOlder, false);
  postbox.close();
});

test('what was pruned is dropped', async () => {
  const id = 'pruned';
  for (let n = 1; n <= 4; n++) await ask('ann', `/${id}/messages`, 'POST', { content: `${n}`, participantIds: ['ann', 'bea'] });
  let pruned = 0;
  // The answers of a server on which the first messages were pruned meanwhile.
  const seen = follow(open('bea', {
    fetch: async (url, options) => {
      const response = await fetch(url, options);
      if (!pruned || !/messages\?/.test(url)) return response;
      const headers = new Headers({ 'X-Pruned-Up-To': pruned });
      for (const name of ['ETag', 'Link', 'X-Cursor']) if (response.headers.has(name)) headers.set(name, response.headers.get(name));
      return new Response(response.status === 304 ? null : await response.text(), { status: response.status, headers });
    },
  }), id);
  await until(() => seen.view?.messages.length === 4, 'all are there');
  pruned = 2;
  await ask('ann', `/${id}/messages`, 'POST', { content: '5' });
  await until(() => equal(seen.view.messages.map(({ content }) => content), ['3', '4', '5']), 'the first two are gone');
});

test('a token is renewed once for all that were refused with it', async () => {
  const refused = [], given = [];
  const postbox = start({
    token: async old => { refused.push(old); return old === undefined ? 'old' : 'new'; },
    // Stands for a server with tokens: only the new one is good.
    fetch: (url, { headers: { Authorization, ...headers }, ...options }) => {
      given.push(Authorization);
      return Authorization === 'Bearer new' ? fetch(url, { ...options, headers: { ...headers, 'X-User-ID': 'ivo' } })
        : Promise.resolve(new Response('{}', { status: 401 }));
    },
  });
  await Promise.all([postbox.send('@jan', 'one'), postbox.send('@jan', 'two')]);
  const seen = follow(postbox, '@jan');
  await until(() => seen.view?.messages.length === 2, 'both are there');
  assert.deepEqual(refused, [undefined, 'old']);
  postbox.close();
});

test('a server that is not there is asked less and less often', async () => {
  const asked = [], statuses = [];
  const postbox = start({
    url: 'http://127.0.0.1:1/', onStatus: status => statuses.push(status),
    fetch: (...request) => { asked.push(Date.now()); return fetch(...request); },
  });
  follow(postbox, 'c');
  await until(() => asked.length === 4, 'it has been asked four times', 20);
  // One to two seconds, two to four, four to eight.
  for (const [n, least] of [[0, 950], [1, 1950], [2, 3950]]) assert.ok(asked[n + 1] - asked[n] >= least, `${asked}`);
  assert.ok(statuses.every(({ state, error, nextAt }) => state === 'offline' && error && nextAt > 0), JSON.stringify(statuses));
  postbox.close();
});

test('a refusal that says when is not followed by a try before that', async () => {
  let at = 0;
  const postbox = open('kay', {
    fetch: (url, options) => {
      if (options.method !== 'POST' || at++) return fetch(url, options);
      return Promise.resolve(new Response('{"detail": "Later."}', { status: 429, headers: { 'Retry-After': '3' } }));
    },
  });
  const started = Date.now();
  await postbox.send('@leo', 'patient');
  assert.ok(Date.now() - started >= 2950, 'it came back too soon');
  postbox.close();
});
