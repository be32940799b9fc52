// Work that follows typing: it waits for a pause, and only what was asked last may show.
// An older request is aborted; should its answer come all the same, it is dropped.
export const latest = (work, failed) => {
  let timer = 0, number = 0, running = null;
  const stop = () => {
    clearTimeout(timer);
    running?.abort();
    running = null;
    number += 1;
  };
  const start = async () => {
    const mine = number, control = new AbortController();
    running = control;
    const current = () => mine === number;
    try {
      await work(control.signal, current);
    } catch (error) {
      if (current() && error.name !== "AbortError") failed(error);
    }
  };
  return { stop, ask: (pause = 0) => { stop(); timer = setTimeout(start, pause); } };
};
