type Attributes = { readonly [name: string]: string | number | boolean };
type Child = Node | string;

/** An element. Text is set as text: no markup is parsed here. An attribute that is false is left out. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  return filled(document.createElement(tag), attributes, children);
}

export function drawn<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled<Kind extends Element>(element: Kind, attributes: Attributes, children: readonly Child[]): Kind {
  for (const [name, value] of Object.entries(attributes))
    if (value !== false) element.setAttribute(name, value === true ? "" : String(value));
  element.append(...children);
  return element;
}

/** An untrusted name: its text direction changes nothing around it. */
export function named(text: string): HTMLElement {
  return make("bdi", {}, text);
}

export function button(text: string, attributes: Attributes, onClick: () => void): HTMLButtonElement {
  const made = make("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", onClick);
  return made;
}

export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`no #${id}`);
  return found;
}

/** One press adds at most this many to the page. */
const STEP = 500;

/** Items of which the first are shown; a button adds the others. The keyboard focus moves to the first one added. */
export function listed(items: readonly (() => Child)[], limit: number, what: string): HTMLElement {
  const list = make("ul");
  const add = (from: number, to: number): void => {
    const added = items.slice(from, to).map((item) => make("li", {}, item()));
    list.append(...added);
    if (to >= items.length) return;
    const rest = button(`and ${number(items.length - to)} more ${what}`, { class: "link" }, () => {
      line.remove();
      add(to, to + STEP);
      const next = list.children[to];
      if (next instanceof HTMLElement) {
        next.tabIndex = -1;
        next.focus();
      }
    });
    const line = make("li", {}, rest);
    list.append(line);
  };
  add(0, items.length <= limit + 1 ? items.length : limit);
  return list;
}

const grouped = new Intl.NumberFormat("en-GB");

export function number(value: number): string {
  return grouped.format(value);
}

export function counted(count: number, word: string): string {
  return `${number(count)} ${word}${count === 1 ? "" : "s"}`;
}
