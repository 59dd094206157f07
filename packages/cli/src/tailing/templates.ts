import type { Exchange, Schema } from 'leveret'

/** The schema of a message of an exchange, by its routing key. */
export interface Found {
  readonly template?: string
  readonly schema: Schema
}

/**
 * Finds the schema of a message; `undefined` if no template matches. If several match, the most specific one counts, as
 * for a subscriber.
 */
export function schemaFor(exchange: Exchange, routingKey: string): Found | undefined {
  if (!('templates' in exchange)) return { schema: exchange.payload }
  const { templates, type } = exchange
  const words = routingKey.split('.')
  const matching = Object.keys(templates).filter((template) =>
    type === 'topic' ? matches(template.split('.'), words) : template === routingKey,
  )
  const [template] = matching.sort((one, other) => vagueness(one) - vagueness(other))
  const schema = template === undefined ? undefined : templates[template]
  return template === undefined || schema === undefined ? undefined : { template, schema }
}

/** Whether a pattern matches the words of a routing key. */
export function matches([first, ...pattern]: readonly string[], words: readonly string[]): boolean {
  if (first === undefined) return words.length === 0
  if (first === '#') return words.some((_, index) => matches(pattern, words.slice(index))) || matches(pattern, [])
  return words.length > 0 && (first === '*' || first === words[0]) && matches(pattern, words.slice(1))
}

/** Returns how vague a template is: words come before `*`, and `*` before `#`. */
function vagueness(template: string): number {
  return template.split('.').reduce((sum, word) => sum + (word === '#' ? 100 : word === '*' ? 1 : 0), 0)
}
