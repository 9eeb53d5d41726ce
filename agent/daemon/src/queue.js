// Asks every two seconds. While the agent does not answer, the page says so and goes on asking: a restart needs nobody.
"use strict";
const now = document.getElementById("now");
const away = document.getElementById("away");
let shown = "";
async function look() {
  try {
    const answer = await fetch("/queue/now", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    const html = await answer.text();
    if (html !== shown) now.innerHTML = shown = html;
    away.hidden = true;
    now.hidden = false;
  } catch {
    // Old calls would send people to the wrong desk.
    away.hidden = false;
    now.hidden = true;
  }
  setTimeout(look, 2000);
}
look();
