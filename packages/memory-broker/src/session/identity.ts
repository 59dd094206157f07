import { FieldTable } from '../wire/field-table.js'
import type { Agreement } from './greeting.js'
import { hasCapability } from './handshake.js'
import type { ConnectionLink, SessionHost } from './socket/host.js'

/** Identity of a client, complete once it has logged in. */
export class Identity implements ConnectionLink {
  readonly name: string
  readonly connectedAtMs = Date.now()
  readonly #host: SessionHost
  #agreement: Agreement | undefined

  constructor(name: string, host: SessionHost) {
    this.name = name
    this.#host = host
  }

  /** The agreed parameters; `undefined` until the client has logged in. */
  get agreement(): Agreement | undefined {
    return this.#agreement
  }

  get user(): string {
    return this.#agreement?.user ?? ''
  }

  get vhost(): string {
    return this.#agreement?.vhost ?? ''
  }

  get clientProperties(): FieldTable {
    return this.#agreement?.clientProperties ?? FieldTable.empty
  }

  get takesCancel(): boolean {
    return this.can('consumer_cancel_notify')
  }

  get channelsOfUser(): number {
    return this.#host.channelsOf(this.user)
  }

  /** Whether the client declares a capability. */
  can(capability: string): boolean {
    return hasCapability(this.clientProperties, capability)
  }

  loggedIn(agreement: Agreement): void {
    this.#agreement = agreement
  }
}
