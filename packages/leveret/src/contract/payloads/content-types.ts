/** Content type and content encoding of a message. */
export interface ContentProperties {
  readonly contentType?: string | undefined
  readonly contentEncoding?: string | undefined
}

/** Encodings that leave UTF-8 unchanged. */
const PLAIN = /^(utf-?8|identity|binary)$/i

/** Returns the media type without its parameters: `text/plain` for `text/plain; charset=utf-8`. */
export function mediaType(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase()
}

/**
 * Whether one of the patterns matches a content type.
 *
 * @param patterns - media types, in which `*` stands for any text: `application/*+json`
 */
export function matchesType(patterns: readonly string[], contentType: string): boolean {
  const type = mediaType(contentType)
  return patterns.some((pattern) => matchesPattern(mediaType(pattern), type))
}

/** Whether a pattern matches. One star suffices for all useful patterns; a second one is an ordinary character. */
function matchesPattern(pattern: string, type: string): boolean {
  if (pattern === type || pattern === '*/*') return true
  const star = pattern.indexOf('*')
  if (star === -1) return false
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)]
  return type.length > before.length + after.length && type.startsWith(before) && type.endsWith(after)
}

/** Whether content of this encoding can be read. @param own - the encoding that the codec itself writes, if any */
export function matchesEncoding(own: string | undefined, contentEncoding: string | undefined): boolean {
  if (own !== undefined) return contentEncoding?.toLowerCase() === own.toLowerCase()
  return !contentEncoding || PLAIN.test(contentEncoding)
}
