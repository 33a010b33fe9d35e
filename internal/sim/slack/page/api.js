// The page's only way out: the simulator's /ui addresses on its own host.

const FIRST_RETRY = 500; // milliseconds
const LAST_RETRY = 8000;

// getState answers everything that a person sees now.
export async function getState(user) {
  const response = await fetch(`/ui/state?user=${encodeURIComponent(user)}`, { headers: { Accept: "application/json" } });
  return read(response);
}

// post sends {say, click, submit, close, home, options} and answers the simulator's JSON. It throws
// an Error with a sentence for people when the simulator is away or refuses.
export async function post(what, body) {
  const headers = { "Content-Type": "application/json", "X-Requested-With": "stackhand" };
  let response;
  try {
    response = await fetch(`/ui/${what}`, { method: "POST", headers, body: JSON.stringify(body) });
  } catch {
    throw new Error("The simulator does not answer. Is it still running?");
  }
  return read(response);
}

async function read(response) {
  const text = await response.text();
  let answer = {};
  try {
    answer = text ? JSON.parse(text) : {};
  } catch {
    if (response.ok) throw new Error("The simulator's answer was not understood.");
  }
  if (answer.errors) return answer; // of a form: they belong to its fields
  if (!response.ok || answer.ok === false) throw new Error(answer.error || text.trim() || `The simulator answered ${response.status}.`);
  return answer;
}

// Feed follows a person's events. It reconnects with growing pauses and asks for what it missed;
// after a time without the simulator it calls onlost, because that may be another one by then.
export class Feed {
  // The handlers are onevent(event), onstatus("live"|"waiting") and onlost().
  constructor(handlers) {
    this.handlers = handlers;
    this.seq = 0;
  }

  start(user, seq) {
    this.stop();
    this.user = user;
    this.seq = seq;
    this.pause = FIRST_RETRY;
    this.failed = 0;
    this.connect();
  }

  stop() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  connect() {
    const source = new EventSource(`/ui/events?user=${encodeURIComponent(this.user)}&after=${this.seq}`);
    this.source = source;
    source.onopen = () => {
      this.handlers.onstatus("live");
      this.pause = FIRST_RETRY;
      if (this.failed > 1) this.handlers.onlost();
      this.failed = 0;
    };
    source.onmessage = (message) => this.take(JSON.parse(message.data));
    source.onerror = () => this.retry(source);
  }

  // take passes an event on once, however often it is delivered.
  take(event) {
    if (event.seq !== undefined && event.seq <= this.seq) return;
    if (event.seq !== undefined) this.seq = event.seq;
    this.handlers.onevent(event);
  }

  retry(source) {
    if (source !== this.source) return;
    source.close();
    this.failed += 1;
    this.handlers.onstatus("waiting");
    this.timer = setTimeout(() => this.connect(), this.pause);
    this.pause = Math.min(this.pause * 2, LAST_RETRY);
  }
}
