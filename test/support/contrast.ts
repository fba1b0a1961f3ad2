export type Contrast = {
  readonly text: string;
  readonly colours: string;
  readonly ratio: number;
  /** 4.5; of large text 3. Source: WCAG 2.2, success criterion 1.4.3. */
  readonly needs: number;
};

/**
 * An expression for the page: the contrast of each visible text against what is behind it. Disabled controls are
 * exempt. Colours that can be seen through are laid over what is below them.
 */
export const CONTRASTS = `(() => {
  const parse = (colour) => {
    const [red = 0, green = 0, blue = 0, alpha = 1] = (colour.match(/[\\d.]+/g) ?? []).map(Number);
    return [red, green, blue, alpha];
  };
  const over = (top, below) => [0, 1, 2].map((at) => top[at] * top[3] + below[at] * (1 - top[3])).concat(1);
  const behind = (element) => {
    if (element === null) return [255, 255, 255, 1];
    const own = parse(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, behind(element.parentElement));
  };
  const luminance = (colour) => {
    const [red, green, blue] = colour.slice(0, 3).map((one) => {
      const share = one / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const found = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement;
    if (node.data.trim() === "" || !element.checkVisibility({ visibilityProperty: true }) || element.closest(":disabled, script, noscript")) continue;
    const style = getComputedStyle(element);
    const drawn = element.closest("svg") !== null;
    const below = behind(element);
    const colour = over(parse(drawn ? style.fill : style.color), below);
    const [light, dark] = [luminance(colour), luminance(below)].sort((a, b) => b - a);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    found.set(node, {
      text: node.data.trim().slice(0, 40),
      colours: (drawn ? style.fill : style.color) + " on " + below.join(),
      ratio: (light + 0.05) / (dark + 0.05),
      needs: large ? 3 : 4.5,
    });
  }
  return [...found.values()];
})()`;
