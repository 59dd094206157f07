import type { Arguments, MethodName } from '../../wire/methods.js'
import type { ChannelState } from '../channel/channel-state.js'

/** Carries out a command of a client on a channel. It throws a ReplyError for what the broker refuses. */
export type Command<Name extends MethodName> = (channel: ChannelState, args: Arguments<Name>) => void

/** Commands by the methods that ask for them. */
export type Commands = { readonly [Name in MethodName]?: Command<Name> }
