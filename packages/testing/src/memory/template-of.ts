import { topicMatches } from '@leveret/memory-broker'

/**
 * Returns the template of an exchange that a routing key matches. For a direct exchange it is the key itself, for a
 * topic exchange the most specific template.
 *
 * @returns `undefined` if no template matches
 */
export function templateOf(type: string, templates: readonly string[], routingKey: string): string | undefined {
  if (type !== 'topic') return templates.find((template) => template === routingKey)
  return templates.filter((template) => topicMatches(template, routingKey)).sort(bySpecificity)[0]
}

/**
 * Compares two templates by the first word in which they differ. A name comes before `*`, `*` before the end, and the
 * end before `#`.
 */
function bySpecificity(left: string, right: string): number {
  const [ours, theirs] = [wordsOf(left), wordsOf(right)]
  const at = ours.findIndex((word, index) => rank(word) !== rank(theirs[index]))
  const place = at < 0 ? ours.length : at
  return rank(ours[place]) - rank(theirs[place])
}

function wordsOf(key: string): readonly string[] {
  return key === '' ? [] : key.split('.')
}

function rank(word: string | undefined): number {
  if (word === '#') return 3
  if (word === undefined) return 2
  return word === '*' ? 1 : 0
}
