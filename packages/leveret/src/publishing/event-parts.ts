import type { HeadersExchange } from '../contract/exchanges/exchange.js'
import type { TemplateContracts } from '../contract/exchanges/template-contracts.js'
import { checkOutgoing, type PayloadContract } from '../contract/payloads/payload.js'
import { OptionsError } from '../errors/options-error.js'
import type { Headers } from '../message/message.js'
import { shortString } from '../message/short-string.js'
import { parseOptions } from '../options.js'
import { type MessageOptions, routingKeys, userHeaders } from './compose.js'

/**
 * Checks the further routing keys of an event: whoever is bound with one has a type for that key's template.
 *
 * @param where - the function, for the error
 * @throws {@link OptionsError} a key is none, or of another template than the event
 */
export function checkCopyKeys(
  contracts: TemplateContracts,
  contract: PayloadContract,
  { cc = [], bcc = [] }: Pick<MessageOptions, 'cc' | 'bcc'>,
  where: string,
): void {
  for (const key of [
    ...parseOptions(routingKeys, cc, `${where}: cc`),
    ...parseOptions(routingKeys, bcc, `${where}: bcc`),
  ]) {
    if (contracts.ofPublished(key) !== contract) {
      throw new OptionsError(`${where}: the further routing key '${key}' is of another template; nothing was sent`)
    }
  }
}

/**
 * Checks the headers of an event for a headers exchange. What goes on the wire is decided as with payloads. The table is copied first, so
 * that nobody changes it meanwhile.
 *
 * @throws {@link OptionsError}, {@link PayloadError}
 */
export async function readHeaders(
  { name, headers: schema }: HeadersExchange,
  headers: unknown,
  where: string,
): Promise<Headers> {
  const outgoing = await checkOutgoing(name, schema, parseOptions(userHeaders, headers, `${where}: headers`))
  return parseOptions(userHeaders, outgoing, `${where}: headers`)
}

const anyKey = shortString('a routing key')

/** Checks a routing key that may be any, as those for exchanges of plugins. @throws {@link OptionsError} */
export function anyRoutingKey(routingKey: unknown, where: string): string {
  return parseOptions(anyKey, routingKey, where)
}
