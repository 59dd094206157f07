import type { QueueType } from './queue-arguments.js'

/** The settings of a policy by their names, such as `message-ttl`. */
export type PolicyDefinition = Readonly<Record<string, unknown>>

/** A policy of a vhost. */
export interface Policy {
  readonly name: string
  readonly pattern: string
  readonly definition: PolicyDefinition
  readonly priority: number
  readonly applyTo: string
}

const NONE: PolicyDefinition = {}

/** Holds the policies of a vhost. The matching policy of the highest priority applies. */
export class Policies {
  readonly #byName = new Map<string, Policy & { readonly matches: RegExp }>()

  all(): Policy[] {
    return [...this.#byName.values()]
  }

  /** @throws SyntaxError if the pattern is not a regular expression */
  set(policy: Policy): void {
    this.#byName.set(policy.name, { ...policy, matches: new RegExp(policy.pattern) })
  }

  /** @returns whether the policy existed */
  delete(name: string): boolean {
    return this.#byName.delete(name)
  }

  forQueue(name: string, type: QueueType): Policy | undefined {
    return this.#find(name, ['all', 'queues', `${type}_queues`, `${type}s`])
  }

  forExchange(name: string): Policy | undefined {
    return this.#find(name, ['all', 'exchanges'])
  }

  #find(name: string, kinds: readonly string[]): Policy | undefined {
    const matching = [...this.#byName.values()].filter(
      ({ matches, applyTo }) => kinds.includes(applyTo) && matches.test(name),
    )
    return matching.sort((a, b) => b.priority - a.priority)[0]
  }
}

/** Returns the settings of a policy; empty without a policy. */
export function definitionOf(policy: Policy | undefined): PolicyDefinition {
  return policy?.definition ?? NONE
}
