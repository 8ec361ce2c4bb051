// A front end's development server, with the library under webpack's and Angular's: `node dev_proxy.js PAGES POSTBOX` serves the
// pages, and Postbox below /backend, which it takes off the path. Prints its port.
const http = require('http');
const proxy = require('http-proxy').createProxyServer({changeOrigin: true, xfwd: true});

const [pages, postbox] = process.argv.slice(2);
const server = http.createServer((request, response) => {
  const below = request.url.startsWith('/backend/');
  if (below) request.url = request.url.slice('/backend'.length);
  proxy.web(request, response, {target: below ? postbox : pages});
});
proxy.on('error', (error, _, response) => response.writeHead(502).end(String(error)));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
