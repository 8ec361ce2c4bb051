// Prints what the module shows of a conversation, and how it goes: `node follow.mjs ORIGIN CONVERSATION`.
import { Postbox } from './postbox.js';

const [origin, id] = process.argv.slice(2);
let state = 'connecting', contents = '';
const show = () => console.log(state, contents);
const postbox = new Postbox({
  url: origin, headers: { 'X-User-ID': 'lee' }, wait: 2,
  onStatus: status => { if (status.state !== state) { state = status.state; show(); } },
});
process.on('SIGTERM', () => postbox.close());
for await (const { messages } of postbox.conversation(id)) {
  contents = messages.map(({ content }) => content).join('|');
  show();
}
