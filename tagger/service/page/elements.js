// Making elements. Texts and labels only ever become text nodes, so nothing in them is markup.

/** Make an element with properties, and children that are elements or texts. */
export function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [property, value] of Object.entries(properties)) {
    if (property === "style") {
      for (const [variable, set] of Object.entries(value)) element.style.setProperty(variable, set);
    } else if (property.includes("-") || property === "role") {
      element.setAttribute(property, value);
    } else {
      element[property] = value;
    }
  }
  element.append(...children);
  return element;
}

export const byId = (id) => document.getElementById(id);

const HUES = { PER: 210, ORG: 30, LOC: 130, MISC: 280 };

/** The colour of a label, in degrees; those of uncommon labels follow from their names. */
export function hue(label) {
  if (Object.hasOwn(HUES, label)) return HUES[label];
  let sum = 7;
  for (const char of label) sum = (sum * 31 + char.codePointAt(0)) % 360;
  return sum;
}

export const percent = (share, digits = 0) => `${(100 * share).toFixed(digits)} %`;
