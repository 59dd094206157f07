import { z } from 'zod'
import { OptionsError } from '../../errors/options-error.js'
import { tableProblem } from '../../message/amqp-table.js'
import { namesProblem, shortString } from '../../message/short-string.js'
import type { SchemaInput } from '../payloads/schema.js'
import { checkBindingKeys } from './binding-keys.js'
import type { RoutedExchange } from './event-types.js'
import type { Exchange, HeadersExchange, PluginExchange } from './exchange.js'

/** Checks an exchange that is a part of another contract. */
export const exchangeOption: z.ZodType<Exchange, Exchange> = z.custom<Exchange>(
  (value) => Object(value).kind === 'exchange',
  'expected an exchange made by topicExchange() or a similar function',
)

/** A binding of a queue: which messages of the exchange it brings. */
export interface Binding {
  readonly bindingKey: string
  readonly arguments: Readonly<Record<string, unknown>>
}

const headerTable = z.record(z.string(), z.unknown()).superRefine((value, context) => {
  const problem = tableProblem(value) ?? namesProblem(value)
  if (problem !== undefined) context.addIssue(problem)
})

/** Checks binding keys, or patterns of routing keys. */
export const bindingKeysOption = z.array(shortString('a binding key')).min(1).readonly().optional()

/** Checks {@link BindingChoice}. */
export const bindingOptions = z.strictObject({
  bindingKeys: bindingKeysOption,
  headers: z.array(headerTable).min(1).readonly().optional(),
})

/** Options that choose messages of an exchange, by the type of the exchange. */
export type BindingChoice<E extends Exchange, Keys extends readonly string[]> = E extends RoutedExchange
  ? {
      /**
       * Routing keys, or patterns of them. A message comes if its routing key matches one of these. At least one, each
       * of at most 255 bytes.
       */
      readonly bindingKeys: Keys
    }
  : E extends HeadersExchange<string, infer H>
    ? {
        /**
         * Tables of headers. A message comes if it has all headers of one table, with these values.
         * @defaultValue all messages
         */
        readonly headers?: readonly Partial<SchemaInput<H>>[] | undefined
      }
    : E extends PluginExchange
      ? {
          /** Binding keys in the form that the plugin needs. @defaultValue [''] */
          readonly bindingKeys?: Keys | undefined
        }
      : unknown

/**
 * Returns the bindings that bring the chosen messages of an exchange.
 *
 * @param where - owner of the bindings, for the error
 * @throws {@link OptionsError} if the options are not for this type of exchange, or a binding key matches no template
 */
export function bindingsOf(
  exchange: Exchange,
  { bindingKeys, headers }: z.output<typeof bindingOptions>,
  where: string,
): readonly Binding[] {
  const { type, name } = exchange
  if (headers !== undefined && type !== 'headers') {
    throw new OptionsError(`${where}: headers are for headers exchanges, and '${name}' is a ${type} exchange`)
  }
  if (bindingKeys !== undefined && (type === 'headers' || type === 'fanout')) {
    throw new OptionsError(
      `${where}: bindingKeys are for direct and topic exchanges, and '${name}' is a ${type} exchange`,
    )
  }
  if (type === 'direct' || type === 'topic') {
    if (bindingKeys === undefined) {
      throw new OptionsError(`${where}: bindingKeys are missing for the ${type} exchange '${name}'`)
    }
    checkBindingKeys(exchange, bindingKeys, where)
  }
  if (type !== 'headers') return (bindingKeys ?? ['']).map((bindingKey) => ({ bindingKey, arguments: {} }))
  return (headers ?? [{}]).map((wanted) => ({ bindingKey: '', arguments: { ...wanted, 'x-match': matchOf(wanted) } }))
}

/**
 * Returns the `x-match` argument. With `all`, RabbitMQ ignores headers whose names begin with `x-`, so a binding by
 * those alone would bring everything.
 */
function matchOf(wanted: Readonly<Record<string, unknown>>): string {
  return Object.keys(wanted).some((header) => header.startsWith('x-')) ? 'all-with-x' : 'all'
}
