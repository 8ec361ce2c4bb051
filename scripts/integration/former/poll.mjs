export async function poll(url, headers, show) {
  const messages = new Map();
  for (let next = url, wait = 10; ; await new Promise(resolve => setTimeout(resolve, 1000 * wait))) {
    try {
      const response = await fetch(next, {headers});
      wait = response.headers.get('Retry-After') ?? response.headers.get('X-Poll-Interval') ?? 10;
      if (response.status === 410) [next, wait] = [url, 0], messages.clear();
      if (!response.ok) continue;
      for (const message of await response.json()) messages.set(message.id, message);
      next = new URL(response.headers.get('Link').match(/<([^>]*)>; rel="next"/)[1], response.url);
      show([...messages.values()]);
    } catch { wait = 10; }
  }
}
