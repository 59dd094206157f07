/**
 * Splits a routing key, or a pattern for a topic exchange, into its words between dots. In a pattern `*` stands for
 * exactly one word, and `#` for any number of words, also for none. The empty key has no words; between two adjacent
 * dots there is an empty word.
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
  /** Position to continue from when the last `#` has to take one more word. */
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
  /** Overlaps from the last row: whether the words from there on overlap with those of `right` from each place on. */
  let later: readonly boolean[] = []
  // The loop runs from the end, so that each pair of places is compared once: with many `#`, many ways lead to one
  // pair.
  for (let at = left.length; at >= 0; at -= 1) {
    const a = left[at]
    const row: boolean[] = []
    for (let next = right.length; next >= 0; next -= 1) {
      const b = right[next]
      // A `#` ends here, or takes one more word of the other pattern.
      if (a === '#') row[next] = later[next] === true || row[next + 1] === true
      else if (b === '#') row[next] = row[next + 1] === true || later[next] === true
      else if (a === undefined || b === undefined) row[next] = a === b
      else row[next] = (a === '*' || b === '*' || a === b) && later[next + 1] === true
    }
    later = row
  }
  return later[0] === true
}

/**
 * Compares two patterns that match one key; below 0 if `left` is more specific. The first word that differs decides: a
 * name comes before `*`, and `*` before `#`.
 */
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
