import type { HeadersExchange } from '../contract/exchanges/exchange.js'
import type { TemplateContracts } from '../contract/exchanges/template-contracts.js'
import { checkOutgoing, type PayloadContract } from '../contract/payloads/payload.js'
import { OptionsError } from '../errors/options-error.js'
import type { Headers } from '../message/message.js'
import { shortString } from '../message/short-string.js'
import { parseOptions } from '../options.js'
import { type MessageOptions, routingKeys, userHeaders } from './compose.js'

/**
 * Checks the further routing keys of an event. Their template must be that of the event, because receivers bound with
 * such a key expect its type.
 *
 * @param where - name of the calling function, for the error
 * @throws {@link OptionsError} if a key is not a routing key, or belongs to another template
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
      throw new OptionsError(`${where}: the further routing key '${key}' belongs to another template; nothing was sent`)
    }
  }
}

/**
 * Checks the headers of an event for a headers exchange. The form that goes on the wire, the schema's input or output,
 * is decided as with payloads. The table is copied first, so that the caller cannot change it meanwhile.
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

/** Checks a routing key without a template, for an exchange of a plugin. @throws {@link OptionsError} */
export function anyRoutingKey(routingKey: unknown, where: string): string {
  return parseOptions(anyKey, routingKey, where)
}
