import type { Permissions } from '@leveret/management'
import type { Declaration } from 'leveret'
import type { Check } from '../../check.js'

/** Finds permissions that the user lacks for the declarations of the applications. */
export const rights: Check = {
  name: 'rights',
  ask: ({ permissions, declarations, user, vhost }) => {
    if (permissions === undefined) return []
    const lacking = declarations.flatMap((declaration) => lacks(declaration, permissions))
    if (lacking.length === 0) return []
    const shown = [...new Set(lacking)].slice(0, 5)
    return [
      {
        severity: 'error',
        subject: user,
        evidence: `'${user}' may not ${shown.join(', ')}${lacking.length > shown.length ? ' and more' : ''}, which its applications need`,
        wayOut: `rabbitmqctl set_permissions -p '${vhost}' '${user}' <configure> <write> <read>; or declare as another user and connect with topology: 'check'`,
      },
    ]
  },
}

function lacks(declaration: Declaration, { configure, write, read }: Permissions): string[] {
  const may = (pattern: string, name: string): boolean => {
    try {
      return new RegExp(pattern).test(name)
    } catch {
      return true
    }
  }
  if (declaration.kind === 'binding') {
    return [
      ...(may(write, declaration.destination) ? [] : [`write to '${declaration.destination}'`]),
      ...(may(read, declaration.source) ? [] : [`read from '${declaration.source}'`]),
    ]
  }
  return declaration.existing || may(configure, declaration.name) ? [] : [`configure '${declaration.name}'`]
}
