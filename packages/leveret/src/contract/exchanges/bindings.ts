import { z } from 'zod'
import { OptionsError } from '../../errors/options-error.js'
import { tableProblem } from '../../message/amqp-table.js'
import { namesProblem, shortString } from '../../message/short-string.js'
import type { SchemaInput } from '../payloads/schema.js'
import { checkBindingKeys } from './binding-keys.js'
import type { RoutedExchange } from './event-types.js'
import type { Exchange, HeadersExchange, PluginExchange } from './exchange.js'

/** An exchange, as a part of another contract. */
export const exchangeOption: z.ZodType<Exchange, Exchange> = z.custom<Exchange>(
  (value) => Object(value).kind === 'exchange',
  'expected an exchange, as topicExchange() and its like make one',
)

/** Which messages of an exchange a queue gets. */
export interface Binding {
  readonly bindingKey: string
  readonly arguments: Readonly<Record<string, unknown>>
}

const headerTable = z.record(z.string(), z.unknown()).superRefine((value, context) => {
  const problem = tableProblem(value) ?? namesProblem(value)
  if (problem !== undefined) context.addIssue(problem)
})

/** Binding keys, or patterns of routing keys. */
export const bindingKeysOption = z.array(shortString('a binding key')).min(1).readonly().optional()

/** The check of {@link BindingChoice}. */
export const bindingOptions = z.strictObject({
  bindingKeys: bindingKeysOption,
  headers: z.array(headerTable).min(1).readonly().optional(),
})

/** Which messages of an exchange come, by the type of the exchange. */
export type BindingChoice<E extends Exchange, Keys extends readonly string[]> = E extends RoutedExchange
  ? {
      /** Routing keys, or patterns of them: a message comes whose routing key one of these matches. At least one, each of at most 255 bytes. */
      readonly bindingKeys: Keys
    }
  : E extends HeadersExchange<string, infer H>
    ? {
        /** A message comes that has all headers of one of these tables, with these values. @defaultValue all messages */
        readonly headers?: readonly Partial<SchemaInput<H>>[] | undefined
      }
    : E extends PluginExchange
      ? {
          /** What the plugin asks of a binding. @defaultValue [''] */ readonly bindingKeys?: Keys | undefined
        }
      : unknown

/**
 * The bindings that bring what is wanted of an exchange.
 *
 * @param where - who wants it, for the error
 * @throws {@link OptionsError} they are not for this type of exchange, or a binding key can match nothing that its contract has
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

/** With `all`, RabbitMQ passes over headers whose names begin with `x-`: a binding by those alone would bring everything. */
function matchOf(wanted: Readonly<Record<string, unknown>>): string {
  return Object.keys(wanted).some((header) => header.startsWith('x-')) ? 'all-with-x' : 'all'
}
