import { OptionsError } from '../../errors/options-error.js'
import type { RoutedExchange } from './event-types.js'
import { overlaps, wordsOf } from './routing-key.js'

/**
 * Checks that each binding key can bring a message of the exchange. This is for keys that are known only at run time;
 * the compiler refuses the others.
 *
 * @param where - owner of the keys, for the error
 * @throws {@link OptionsError} naming the first key that can match nothing
 */
export function checkBindingKeys(exchange: RoutedExchange, bindingKeys: readonly string[], where: string): void {
  const templates = Object.keys(exchange.templates)
  const wrong = bindingKeys.find((key) => !templates.some((template) => canMatch(exchange, template, key)))
  if (wrong === undefined) return
  throw new OptionsError(
    `${where}: the binding key '${wrong}' can match no message of the ${exchange.type} exchange '${exchange.name}', whose templates are ` +
      `${templates.map((template) => `'${template}'`).join(', ')}${hint(exchange, wrong)}`,
  )
}

function canMatch({ type }: RoutedExchange, template: string, key: string): boolean {
  return type === 'direct' ? template === key : overlaps(wordsOf(template), wordsOf(key))
}

function hint({ type }: RoutedExchange, key: string): string {
  if (!/[*#]/.test(key)) return ''
  if (type === 'direct') return ". A direct exchange has no patterns: '*' and '#' are ordinary characters"
  const isMixed = wordsOf(key).some((word) => word.length > 1 && /[*#]/.test(word))
  return isMixed ? ". '*' and '#' stand for whole words, between dots" : ''
}
