// The transcript: keys from turn to turn, and tools at the turn where the pointer or the focus is.
// Without this script the time of a turn leads to a page of its own with the same tools.
"use strict";

{
  const turns = document.getElementById("turns");
  const tools = document.getElementById("turn-tools");
  const told = document.getElementById("told");
  const tool = (name) => tools.querySelector(`[data-tool="${name}"]`);
  const turnOf = (node) => (node instanceof Element ? node : node?.parentElement)?.closest("#turn-list li") ?? null;
  const STEPS = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };
  let stop; // the link of the one turn that Tab stops at
  let chosen = null; // what was selected when a tool was pressed
  let pressed = -Infinity; // when Highlight was pressed, in milliseconds

  const tell = (text) => { // not the empty text first: screen readers announce what is added
    told.textContent = text;
    setTimeout(() => { if (told.textContent === text) told.textContent = ""; }, 5000);
  };

  const makeStop = (link) => {
    if (stop) stop.tabIndex = -1;
    stop = link;
    if (stop) stop.tabIndex = 0;
  };

  const number = () => turnOf(tools).id.slice(1);

  const showTools = (turn) => {
    if (tools.parentElement === turn) return;
    tools.closest("ol")?.classList.remove("current");
    turn.parentElement.classList.add("current");
    turn.querySelector(".time").after(tools);
    tools.hidden = false;
    tools.action = `turns/${number()}/highlight/`;
    tool("edit").href = `turns/${number()}/`;
  };

  // The selected words, as far as they are of the turn in which they begin.
  const selected = () => {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0).cloneRange();
    const words = turnOf(range.startContainer)?.querySelector("p");
    if (!words?.contains(range.startContainer)) return null;
    if (!words.contains(range.endContainer)) range.setEnd(words, words.childNodes.length);
    const text = range.toString().trim();
    return text ? { turn: turnOf(words), range, text } : null;
  };

  // The place in a turn's words after so many characters: a text node, and the place in it.
  const placeIn = (words, characters) => {
    const texts = document.createTreeWalker(words, NodeFilter.SHOW_TEXT);
    let left = characters;
    while (texts.nextNode() && left > texts.currentNode.length) left -= texts.currentNode.length;
    return [texts.currentNode, left];
  };

  // Add the rest of the words in which the selection begins and ends, as the server does.
  const widenToWords = ({ turn, range, text }) => {
    const words = turn.querySelector("p");
    const before = document.createRange();
    before.setStart(words, 0);
    before.setEnd(range.startContainer, range.startOffset);
    const spaces = range.toString().indexOf(text);
    const start = before.toString().length + spaces;
    const end = start + text.length;
    const segments = new Intl.Segmenter(turns.lang || "en", { granularity: "word" }).segment(words.textContent);
    const [first, last] = [segments.containing(start), segments.containing(end - 1)];
    range.setStart(...placeIn(words, first.isWordLike ? first.index : start));
    range.setEnd(...placeIn(words, last.isWordLike ? last.index + last.segment.length : end));
    return range.toString();
  };

  const takeOver = () => { // thousands of turns are one stop of the Tab key
    for (const link of turns.querySelectorAll("#turn-list .time")) link.tabIndex = -1;
    const target = turnOf(document.getElementById(location.hash.slice(1)));
    makeStop((target ?? turns).querySelector(".time"));
  };

  new MutationObserver(takeOver).observe(turns, { childList: true });
  window.addEventListener("hashchange", takeOver);
  takeOver();
  document.getElementById("keys").hidden = false;

  turns.addEventListener("focusin", (event) => {
    if (!event.target.matches(".time")) return;
    makeStop(event.target);
    showTools(turnOf(event.target));
  });

  turns.addEventListener("pointerover", (event) => {
    // Where the tools are part of the text, it would move under the pointer.
    if (event.pointerType !== "mouse" || getComputedStyle(tools).position !== "absolute") return;
    const turn = turnOf(event.target);
    if (turn && !tools.contains(document.activeElement) && !selected()) showTools(turn);
  });

  turns.addEventListener("click", (event) => {
    const turn = turnOf(event.target);
    if (turn && !selected()) showTools(turn);
  });

  document.addEventListener("selectionchange", () => {
    const part = selected();
    if (part) showTools(part.turn);
  });

  turns.addEventListener("keydown", (event) => {
    if (!event.target.matches(".time") || event.ctrlKey || event.altKey || event.metaKey) return;
    const all = [...turns.querySelectorAll("#turn-list li")];
    const step = STEPS[event.key];
    const next = step ? all[all.indexOf(turnOf(event.target)) + step] ?? null
      : event.key === "Home" ? all[0]
      : event.key === "End" ? all.at(-1) : undefined;
    if (next === undefined) return;
    event.preventDefault();
    next?.querySelector(".time").focus();
  });

  tools.addEventListener("pointerdown", () => { chosen = selected(); });

  tool("link").addEventListener("click", async () => {
    await copyText(new URL(`?turn=${number()}`, location.href).href);
    tell("The link to this turn is copied.");
  });

  tools.addEventListener("submit", async (event) => {
    event.preventDefault();
    const isDoubleClick = event.timeStamp - pressed < 500;
    pressed = event.timeStamp;
    if (isDoubleClick) return;
    const part = selected() ?? chosen;
    chosen = null;
    if (!part) { // choose the words on the page of the turn
      location.href = `turns/${number()}/#highlight`;
      return;
    }
    tools.elements.quote.value = widenToWords(part);
    try {
      const answer = await fetch(tools.action, {
        method: "POST", body: new FormData(tools), headers: { Accept: "text/plain" },
      });
      if (answer.status === 400) return tell(await answer.text());
      if (answer.status !== 204) return tell("Not highlighted. Reload the page, and try again.");
    } catch {
      return tell("Not highlighted: there is no connection. Try again.");
    }
    const mark = document.createElement("mark");
    mark.className = "kept";
    mark.append(part.range.extractContents());
    part.range.insertNode(mark);
    getSelection().removeAllRanges();
    tell("Highlighted. It is listed with the session.");
  });
}
