import type { FieldTable } from '../../wire/field-table.js'
import type { Message } from '../message/message.js'
import { areSame } from '../rules/same-arguments.js'
import { checkHeadersBinding, headersMatch } from './headers-match.js'
import { wordsMatch, wordsOf } from './topic.js'

/** Destination of a binding. */
export interface Destination {
  readonly kind: 'queue' | 'exchange'
  readonly name: string
}

/** A binding of an exchange. */
export interface Binding {
  readonly destination: Destination
  readonly routingKey: string
  readonly args: FieldTable
  readonly words: readonly string[]
}

export interface ExchangeOptions {
  readonly name: string
  readonly type: string
  readonly durable: boolean
  readonly autoDelete: boolean
  readonly internal: boolean
  readonly args: FieldTable
}

/** An exchange with its bindings. */
export class Exchange {
  readonly kind = 'exchange'
  readonly name: string
  readonly type: string
  readonly durable: boolean
  readonly autoDelete: boolean
  readonly internal: boolean
  readonly args: FieldTable
  /** The alternate exchange that the current policy names. */
  policyAlternate: string | undefined
  #bindings: Binding[] = []

  constructor(options: ExchangeOptions) {
    this.name = options.name
    this.type = options.type
    this.durable = options.durable
    this.autoDelete = options.autoDelete
    this.internal = options.internal
    this.args = options.args
  }

  /** The exchange for messages that match no binding. */
  get alternate(): string | undefined {
    return this.args.text('alternate-exchange') ?? this.policyAlternate
  }

  get bindings(): readonly Binding[] {
    return this.#bindings
  }

  /** @returns whether the binding is new */
  bind(destination: Destination, routingKey: string, args: FieldTable): boolean {
    if (this.type === 'headers') checkHeadersBinding(args)
    if (this.#find(destination, routingKey, args) !== undefined) return false
    this.#bindings.push({ destination, routingKey, args, words: wordsOf(routingKey) })
    return true
  }

  has(destination: Destination, routingKey: string, args: FieldTable): boolean {
    return this.#find(destination, routingKey, args) !== undefined
  }

  /** @returns whether the binding existed */
  unbind(destination: Destination, routingKey: string, args: FieldTable): boolean {
    const binding = this.#find(destination, routingKey, args)
    if (binding === undefined) return false
    this.#bindings = this.#bindings.filter((other) => other !== binding)
    return true
  }

  /** Removes all bindings to a deleted destination. @returns whether there were any */
  unbindAll(destination: Destination): boolean {
    const before = this.#bindings.length
    this.#bindings = this.#bindings.filter((binding) => binding.destination !== destination)
    return this.#bindings.length < before
  }

  /** Returns the destinations of a message. */
  match(message: Message): Destination[] {
    return message.routingKeys.flatMap((key) => this.#matchKey(key, message))
  }

  #matchKey(key: string, { headers }: Message): Destination[] {
    if (this.type === 'x-modulus-hash') return this.#hashed(key)
    if (this.type === 'x-local-random') return pick(this.#bindings, Math.floor(Math.random() * this.#bindings.length))
    return this.#bindings.filter(this.#matcher(key, headers)).map(({ destination }) => destination)
  }

  #matcher(key: string, headers: FieldTable): (binding: Binding) => boolean {
    if (this.type === 'fanout') return () => true
    if (this.type === 'headers') return ({ args }) => headersMatch(args, headers)
    if (this.type === 'direct') return ({ routingKey }) => routingKey === key
    const words = wordsOf(key)
    return (binding) => wordsMatch(binding.words, words)
  }

  #hashed(key: string): Destination[] {
    let hash = 0
    for (const byte of Buffer.from(key, 'latin1')) hash = (hash * 31 + byte) >>> 0
    return pick(this.#bindings, hash % Math.max(this.#bindings.length, 1))
  }

  #find(destination: Destination, routingKey: string, args: FieldTable): Binding | undefined {
    return this.#bindings.find(
      (binding) =>
        binding.destination === destination && binding.routingKey === routingKey && sameTable(binding.args, args),
    )
  }
}

function pick(bindings: readonly Binding[], index: number): Destination[] {
  const binding = bindings[index]
  return binding === undefined ? [] : [binding.destination]
}

/** Whether two tables have the same fields, in any order. */
export function sameTable(a: FieldTable, b: FieldTable): boolean {
  return a.size === b.size && a.entries.every(([name, field]) => areSame(field, b.get(name)))
}
