import type { Exchange, Schema } from 'leveret'

/** The schema of a message of an exchange, by its routing key. */
export interface Found {
  readonly template?: string
  readonly schema: Schema
}

/**
 * Finds it; `undefined` where no template matches. Of several the most specific one is meant, as a subscriber takes
 * it.
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

/** Words come before `*`, and that before `#`. */
function vagueness(template: string): number {
  return template.split('.').reduce((sum, word) => sum + (word === '#' ? 100 : word === '*' ? 1 : 0), 0)
}
