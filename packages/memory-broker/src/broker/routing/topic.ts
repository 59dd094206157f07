/** Whether a routing key matches a binding key of a topic exchange: `*` is one word, `#` is any number of words. */
export function topicMatches(bindingKey: string, routingKey: string): boolean {
  return wordsMatch(wordsOf(bindingKey), wordsOf(routingKey))
}

/** The same as {@link topicMatches}, for keys that are split into words. */
export function wordsMatch(pattern: readonly string[], words: readonly string[]): boolean {
  // The positions in the pattern that the words so far can have reached. A set, so that many # cost no more than words.
  let places = skipHashes(new Set([0]), pattern)
  for (const word of words) {
    const next = new Set<number>()
    for (const place of places) {
      const part = pattern[place]
      if (part === '#') next.add(place)
      if (part === '*' || (part === word && part !== '#')) next.add(place + 1)
    }
    places = skipHashes(next, pattern)
    if (places.size === 0) return false
  }
  return places.has(pattern.length)
}

/** Returns the words of a key. The empty key has none. */
export function wordsOf(key: string): readonly string[] {
  return key === '' ? [] : key.split('.')
}

function skipHashes(places: Set<number>, pattern: readonly string[]): Set<number> {
  // The loop also visits positions that are added to the set meanwhile.
  for (const place of places) if (pattern[place] === '#') places.add(place + 1)
  return places
}
