import { timingSafeEqual } from 'node:crypto'
import type { Profile } from './rules/profile.js'
import { ReplyError } from './rules/reply-error.js'
import { TopicPermissions } from './topic-permissions.js'

export type Right = 'configure' | 'write' | 'read'

/** Regular expressions over the names that a user may configure, write to and read from. */
export type Permissions = Readonly<Record<Right, string>>

export interface User {
  readonly name: string
  readonly password: string
  readonly tags: string
}

export interface UserLimits {
  readonly 'max-channels'?: number | undefined
  readonly 'max-connections'?: number | undefined
}

/** Holds users, their permissions and their limits. */
export class Access {
  readonly topics = new TopicPermissions()
  readonly #users = new Map<string, User>()
  readonly #limits = new Map<string, UserLimits>()
  /** Permissions by vhost, then by user. */
  readonly #permissions = new Map<string, Map<string, Permissions>>()

  users(): User[] {
    return [...this.#users.values()]
  }

  hasUser(name: string): boolean {
    return this.#users.has(name)
  }

  setUser(user: User): void {
    this.#users.set(user.name, user)
  }

  deleteUser(name: string): boolean {
    for (const users of this.#permissions.values()) users.delete(name)
    return this.#users.delete(name)
  }

  /** How many channels and connections a user may have open, over all of its connections. */
  limits(user: string): UserLimits {
    return this.#limits.get(user) ?? {}
  }

  setLimits(user: string, limits: UserLimits): void {
    this.#limits.set(user, { ...this.limits(user), ...limits })
  }

  isPassword(name: string, password: string): boolean {
    const user = this.#users.get(name)
    if (user === undefined) return false
    const [known, given] = [Buffer.from(user.password), Buffer.from(password)]
    return known.length === given.length && timingSafeEqual(known, given)
  }

  setPermissions(vhost: string, user: string, permissions: Permissions): void {
    const users = this.#permissions.get(vhost) ?? new Map<string, Permissions>()
    this.#permissions.set(vhost, users.set(user, permissions))
  }

  permissions(vhost: string, user: string): Permissions | undefined {
    return this.#permissions.get(vhost)?.get(user)
  }

  deletePermissions(vhost: string, user?: string): void {
    this.topics.delete(vhost, user)
    if (user === undefined) this.#permissions.delete(vhost)
    else this.#permissions.get(vhost)?.delete(user)
  }

  isAllowed(request: AccessRequest): boolean {
    const pattern = this.permissions(request.vhost, request.user)?.[request.right]
    if (pattern === undefined || pattern === '') return false
    return pattern === '.*' || new RegExp(pattern).test(request.name)
  }
}

export interface AccessRequest {
  readonly vhost: string
  readonly user: string
  readonly right: Right
  readonly kind: 'queue' | 'exchange'
  readonly name: string
}

/** @throws ReplyError 403 if the user lacks the permission */
export function checkAccess(access: Access, request: AccessRequest, profile: Profile): void {
  const { vhost, user, right, kind } = request
  const name = kind === 'exchange' && request.name === '' ? 'amq.default' : request.name
  if (access.isAllowed({ ...request, name })) return
  const what = profile.namesPermission ? `${right} access` : 'access'
  throw new ReplyError(403, `${what} to ${kind} '${name}' in vhost '${vhost}' refused for user '${user}'`)
}
