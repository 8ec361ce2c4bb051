// Takes the place of the page's timers. Time passes only in `advance`, which waits for what each timer starts.
const clock = {
  now: 0,
  waiting: [],
  set(due, every, task) {
    clock.waiting.push({due, every, task});
  },
  async advance(milliseconds) {
    const end = clock.now + milliseconds;
    for (;;) {
      const next = clock.waiting.reduce((first, timer) => !first || timer.due < first.due ? timer : first, undefined);
      if (!next || next.due > end) break;
      clock.now = next.due;
      clock.waiting.splice(clock.waiting.indexOf(next), 1);
      if (next.every) clock.set(next.due + next.every, next.every, next.task);
      await next.task();
    }
    clock.now = end;
  },
};
timers.every = (interval, task) => clock.set(clock.now + interval, interval, task);
timers.after = (delay, task) => clock.set(clock.now + delay, 0, task);
