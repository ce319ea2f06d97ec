// Small helpers for making elements.

/** make("p", { class: "x" }, "text", element…): attributes that are null or false are left out. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false || value === undefined) continue;
    element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
