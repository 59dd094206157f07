import { textOf, typeName } from '../wire/field.js'
import type { Exchange, ExchangeOptions } from './routing/exchange.js'
import type { Profile } from './rules/profile.js'
import { described } from './rules/queue-arguments.js'
import { ReplyError } from './rules/reply-error.js'
import { areSame, checkSameProperties, difference } from './rules/same-arguments.js'
import type { Vhost } from './vhost.js'

const ALTERNATE = 'alternate-exchange'

/** @throws ReplyError 404 if there is no such exchange */
export function findExchange(vhost: Vhost, name: string): Exchange {
  const exchange = vhost.exchanges.get(name)
  if (exchange === undefined) throw new ReplyError(404, `no ${described('exchange', name, vhost.name)}`)
  return exchange
}

/** @throws ReplyError 403 for the default exchange, whose name is empty */
export function refuseDefault(name: string): void {
  if (name === '') throw new ReplyError(403, 'operation not permitted on the default exchange')
}

/** Declares an exchange, or checks that an existing one is declared in the same way. @throws ReplyError */
export function declareExchange(vhost: Vhost, options: ExchangeOptions, profile: Profile): Exchange {
  refuseDefault(options.name)
  const subject = described('exchange', options.name, vhost.name)
  checkType(options.type, profile)
  const known = vhost.exchanges.get(options.name)
  if (known !== undefined) return sameExchange(known, options, subject)
  if (options.name.startsWith('amq.'))
    throw new ReplyError(403, `exchange name '${options.name}' contains reserved prefix 'amq.*'`)
  const alternate = options.args.get(ALTERNATE)
  if (alternate !== undefined && textOf(alternate) === undefined)
    throw new ReplyError(406, `invalid type '${typeName(alternate)}' for arg '${ALTERNATE}' in ${subject}`)
  return vhost.createExchange(options)
}

/** Deletes an exchange. @throws ReplyError 403 if it is built in, 406 if it is in use and `ifUnused` is set */
export function removeExchange(vhost: Vhost, name: string, ifUnused: boolean): void {
  refuseDefault(name)
  const exchange = vhost.exchanges.get(name)
  if (name.startsWith('amq.'))
    throw new ReplyError(403, `deletion of system ${described('exchange', name, vhost.name)} not allowed`)
  if (exchange === undefined) return
  if (ifUnused && exchange.bindings.length > 0)
    throw new ReplyError(406, `${described('exchange', name, vhost.name)} in use`)
  vhost.deleteExchange(exchange)
}

function checkType(type: string, profile: Profile): void {
  if (profile.exchangeTypes.includes(type)) return
  // RabbitMQ distinguishes a name that it has never seen from the name of a type that it does not have.
  const isKnown = type.startsWith('x-')
  const words = `${isKnown ? 'unknown' : 'invalid'} exchange type '${type}'`
  throw new ReplyError(profile.like === '3.10' ? 503 : 406, words)
}

function sameExchange(exchange: Exchange, options: ExchangeOptions, subject: string): Exchange {
  const properties = [
    ['type', options.type, exchange.type],
    ['durable', options.durable, exchange.durable],
    ['auto_delete', options.autoDelete, exchange.autoDelete],
    ['internal', options.internal, exchange.internal],
  ] as const
  checkSameProperties(properties, subject)
  const [is, wants] = [exchange.args.get(ALTERNATE), options.args.get(ALTERNATE)]
  if (!areSame(is, wants))
    throw new ReplyError(406, `inequivalent arg '${ALTERNATE}' for ${subject}: ${difference(is, wants)}`)
  return exchange
}
