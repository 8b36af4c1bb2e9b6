/**
 * A browser under the POSIX locale names a language, `en-US@posix`, that its own Intl refuses; uPlot asks for it as it is loaded, and the page
 * would stay empty. To be imported before anything that imports uPlot.
 */
try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en-US', configurable: true });
}
