/** What a message says of its own content. */
export interface ContentProperties {
  readonly contentType?: string | undefined
  readonly contentEncoding?: string | undefined
}

/** Encodings that leave UTF-8 as it is. */
const PLAIN = /^(utf-?8|identity|binary)$/i

/** `text/plain; charset=utf-8` is `text/plain`. */
export function mediaType(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase()
}

/**
 * Whether one of the patterns matches a content type.
 *
 * @param patterns - each a media type, in which `*` stands for any text: `application/*+json`
 */
export function matchesType(patterns: readonly string[], contentType: string): boolean {
  const type = mediaType(contentType)
  return patterns.some((pattern) => matchesPattern(mediaType(pattern), type))
}

/** One star is enough for every pattern that is of use; what follows a second one is read as it is. */
function matchesPattern(pattern: string, type: string): boolean {
  if (pattern === type || pattern === '*/*') return true
  const star = pattern.indexOf('*')
  if (star === -1) return false
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)]
  return type.length > before.length + after.length && type.startsWith(before) && type.endsWith(after)
}

/** Whether a content of this encoding can be read. @param own - the encoding that the codec itself writes, if any */
export function matchesEncoding(own: string | undefined, contentEncoding: string | undefined): boolean {
  if (own !== undefined) return contentEncoding?.toLowerCase() === own.toLowerCase()
  return !contentEncoding || PLAIN.test(contentEncoding)
}
