/** Builds a path whose names are percent-encoded. */
export function path(texts: TemplateStringsArray, ...names: readonly string[]): string {
  return texts.reduce((built, text, index) => built + encodeURIComponent(names[index - 1] ?? '') + text)
}
