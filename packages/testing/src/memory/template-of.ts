/**
 * The template of an exchange that a routing key matches: of a direct exchange the key itself, of a topic exchange the one that says most of it.
 *
 * @returns `undefined` when none does
 */
export function templateOf(type: string, templates: readonly string[], routingKey: string): string | undefined {
  if (type !== 'topic') return templates.find((template) => template === routingKey)
  const key = dotted(routingKey)
  return templates.filter((template) => patternOf(template).test(key)).sort(bySpecificity)[0]
}

/** Each word behind its dot, so that the empty key has none. */
function dotted(key: string): string {
  return key === '' ? '' : `.${key}`
}

function patternOf(template: string): RegExp {
  const parts = wordsOf(template).map((word) => {
    if (word === '#') return '(?:\\.[^.]*)*'
    return word === '*' ? '\\.[^.]*' : `\\.${word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}`
  })
  return new RegExp(`^${parts.join('')}$`, 's')
}

/** The first word in which they differ decides: a name comes before `*`, that before the end, and that before `#`. */
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
