// In which language the page speaks, and how it writes numbers and times: as the browser wants it,
// where the page has that language.

const LANGUAGES = { en: () => import("./english.js"), de: () => import("./german.js") };
const languageOf = (tag) => tag.split("-")[0].toLowerCase();

/** The first language of the browser that the page has, region included. */
export const locale = navigator.languages.find((tag) => languageOf(tag) in LANGUAGES) ?? "en-GB";
/** Every text of the page. */
export const { default: texts } = await LANGUAGES[languageOf(locale)]();

/** digits: behind the point, at most. */
export function number(value, digits = 0) {
  return value.toLocaleString(locale, { maximumFractionDigits: digits });
}

/** digits: behind the point, always. */
export function decimal(value, digits) {
  return value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function clock(date, seconds = false) {
  return date.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit", ...(seconds ? { second: "2-digit" } : {}) });
}

export function day(date, year = undefined) {
  return date.toLocaleDateString(locale, { day: "numeric", month: "short", year });
}

/** A sentence of the service: in the page's language where that knows it, else as it came. */
export function told(sentence) {
  const values = [];
  const known = texts.told[sentence.replace(/\d+(?:\.\d+)?|\b(?:left|middle|right)(?= of the picture)/g, (value) => {
    values.push(texts.places[value] ?? number(Number(value), 1));
    return "{}";
  })];
  return known?.replaceAll("{}", () => values.shift()) ?? sentence;
}

const textOf = (name) => name.split(".").reduce((group, key) => group[key], texts);

/** Puts the texts where the page's HTML names them. */
function fill() {
  document.documentElement.lang = locale;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = textOf(element.dataset.text);
  for (const attribute of ["aria-label", "alt", "title"]) {
    for (const element of document.querySelectorAll(`[data-${attribute}]`))
      element.setAttribute(attribute, textOf(element.getAttribute(`data-${attribute}`)));
  }
}

fill();
