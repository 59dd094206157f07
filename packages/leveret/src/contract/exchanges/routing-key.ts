/**
 * Routing keys and the patterns that match them, as a topic exchange does it: words between dots, `*` for exactly one word,
 * `#` for any number of them, none included. The empty key has no words; between two dots there is an empty one.
 *
 * @see https://www.rabbitmq.com/tutorials/amqp-concepts#exchange-topic
 */
export function wordsOf(key: string): readonly string[] {
  return key === '' ? [] : key.split('.')
}

/** Whether a topic exchange takes a message with this routing key along a binding with this pattern. */
export function matches(pattern: readonly string[], words: readonly string[]): boolean {
  let at = 0
  let next = 0
  /** Where to go on when the last `#` has to take one word more. */
  let retry: { readonly at: number; next: number } | undefined
  while (next < words.length || at < pattern.length) {
    const wanted = pattern[at]
    if (wanted === '#') {
      at += 1
      retry = { at, next }
    } else if (next < words.length && (wanted === '*' || wanted === words[next])) {
      at += 1
      next += 1
    } else if (retry !== undefined && retry.next < words.length) {
      retry.next += 1
      at = retry.at
      next = retry.next
    } else return false
  }
  return true
}

/** Whether one of the binding keys brings a routing key, by the type of the exchange. */
export function wantedBy(bindingKeys: readonly string[], type: 'direct' | 'topic'): (routingKey: string) => boolean {
  if (type === 'direct') return (routingKey) => bindingKeys.includes(routingKey)
  const patterns = bindingKeys.map(wordsOf)
  return (routingKey) => {
    const words = wordsOf(routingKey)
    return patterns.some((pattern) => matches(pattern, words))
  }
}

/** Whether there is a routing key that both patterns match. */
export function overlaps(left: readonly string[], right: readonly string[]): boolean {
  /** For the words of `left` that were looked at last: whether they and those of `right` from each one on overlap. */
  let later: readonly boolean[] = []
  // From the end, so that each pair of places is looked at once: with many `#` there are many ways to the same pair.
  for (let at = left.length; at >= 0; at -= 1) {
    const a = left[at]
    const row: boolean[] = []
    for (let next = right.length; next >= 0; next -= 1) {
      const b = right[next]
      // A `#` ends here, or takes one more word of the other.
      if (a === '#') row[next] = later[next] === true || row[next + 1] === true
      else if (b === '#') row[next] = row[next + 1] === true || later[next] === true
      else if (a === undefined || b === undefined) row[next] = a === b
      else row[next] = (a === '*' || b === '*' || a === b) && later[next + 1] === true
    }
    later = row
  }
  return later[0] === true
}

/** Below 0 when `left` says more of a key that both match: the first word that differs decides, a name before `*` before `#`. */
export function compareSpecificity(left: readonly string[], right: readonly string[]): number {
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = rank(left[at]) - rank(right[at])
    if (difference !== 0) return difference
  }
  return 0
}

function rank(word: string | undefined): number {
  if (word === '#') return 3
  if (word === undefined) return 2
  return word === '*' ? 1 : 0
}
