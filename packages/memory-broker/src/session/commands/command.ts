import type { Arguments, MethodName } from '../../wire/methods.js'
import type { ChannelState } from '../channel/channel-state.js'

/**
 * A function that carries out a command of a client on a channel. It throws a `ReplyError` if the broker refuses it.
 */
export type Command<Name extends MethodName> = (channel: ChannelState, args: Arguments<Name>) => void

/** Commands by their methods. */
export type Commands = { readonly [Name in MethodName]?: Command<Name> }
