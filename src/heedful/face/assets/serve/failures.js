// What is said when a request fails, and when it is tried again.
import { announce } from "./announce.js";
import { find, tag } from "./dom.js";
import { token } from "./api.js";

const AGAIN = 3000; // milliseconds between attempts to reach a server that is gone

// For a panel: `box` says it, `again` repeats the request, `field` is the text at fault.
export const failures = (box, again, field = null) => {
  let timer = 0;
  const clear = () => {
    clearTimeout(timer);
    box.hidden = true;
    box.replaceChildren();
    field?.removeAttribute("aria-invalid");
  };
  const say = (message, ...more) => {
    box.hidden = false;
    box.replaceChildren(tag("p", message), ...more);
    announce(message);
  };
  const later = (pause) => {
    const button = tag("button", "Try now");
    button.type = "button";
    button.addEventListener("click", () => { clearTimeout(timer); again(); });
    timer = setTimeout(again, pause);
    return button;
  };
  const failed = (error) => {
    clear();
    if (error.status === undefined) throw error; // a fault of this page, not of the server
    if (error.status === 401) return askToken(token.get() ? "This token is not the server’s." : "This server wants a token.", again);
    if (error.status === 0) return say("The server does not answer. Is heedful serve still running? Trying again every 3 seconds.", later(AGAIN));
    if (error.status === 503) {
      const seconds = Math.max(1, error.wait);
      return say(`The server is busy. Trying again in ${seconds} s.`, later(1000 * seconds));
    }
    return refused(error.message);
  };
  const refused = (message, ...more) => {
    clear();
    field?.setAttribute("aria-invalid", "true");
    say(message[0].toUpperCase() + message.slice(1), ...more);
  };
  return { clear, failed, refused, say };
};

// One form for all panels: whoever was refused last is tried again.
let waiting = [];
const askToken = (why, again) => {
  if (!waiting.includes(again)) waiting.push(again);
  find("token-why").textContent = why;
  if (find("token").hidden) {
    find("token").hidden = false;
    find("token-text").focus();
  }
};
export const takeTokens = () => find("token").addEventListener("submit", (event) => {
  event.preventDefault();
  token.set(find("token-text").value.trim());
  find("token-text").value = "";
  find("token").hidden = true;
  const refused = waiting;
  waiting = [];
  refused.forEach((again) => again());
});
