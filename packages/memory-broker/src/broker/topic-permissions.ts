/** Regular expressions over the routing keys that a user may write to a topic exchange, and bind it by. */
export interface TopicPermission {
  readonly user: string
  readonly vhost: string
  readonly exchange: string
  readonly write: string
  readonly read: string
}

/** Holds the topic permissions of users. A user without one for an exchange may use any routing key there. */
export class TopicPermissions {
  #all: readonly TopicPermission[] = []

  set(permission: TopicPermission): void {
    this.#all = [...this.#all.filter((other) => !isOfSame(other, permission)), permission]
  }

  of(vhost: string, user: string): readonly TopicPermission[] {
    return this.#all.filter((each) => each.vhost === vhost && each.user === user)
  }

  delete(vhost: string, user?: string): void {
    this.#all = this.#all.filter((each) => each.vhost !== vhost || (user !== undefined && each.user !== user))
  }

  isAllowed(place: Omit<TopicPermission, 'write' | 'read'>, right: 'write' | 'read', routingKey: string): boolean {
    const pattern = this.#all.find((each) => isOfSame(each, place))?.[right]
    return pattern === undefined || new RegExp(pattern).test(routingKey)
  }
}

type Place = Pick<TopicPermission, 'user' | 'vhost' | 'exchange'>

function isOfSame(one: Place, other: Place): boolean {
  return one.user === other.user && one.vhost === other.vhost && one.exchange === other.exchange
}
