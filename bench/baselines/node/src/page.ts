// The requested page, and the cursor to the next one, in the service's format.

import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Refusal } from './refusal.js';

export interface PageRequest {
  limit: number;
  after?: string | undefined;
}

const query = (organization: string) =>
  z.object({
    limit: z.coerce.number().int().min(1).max(100).default(20),
    cursor: z
      .string()
      .transform((cursor, context) => {
        const id = open(cursor, organization);
        if (id !== undefined) return id;
        context.issues.push({ code: 'invalid_format', format: 'cursor', message: 'Invalid cursor', input: cursor });
        return z.NEVER;
      })
      .optional(),
  });

export function pageRequest(parameters: URLSearchParams, organization: string): PageRequest {
  const parsed = query(organization).safeParse(Object.fromEntries(parameters));
  if (parsed.success) return { limit: parsed.data.limit, after: parsed.data.cursor };
  throw Refusal.invalid(parsed.error.issues);
}

/** Returns the cursor to the page after the project with this id. */
export function cursor(id: string, organization: string): string {
  return Buffer.concat([check(id, organization), Buffer.from(id)]).toString('base64url');
}

function open(cursor: string, organization: string): string | undefined {
  const bytes = Buffer.from(cursor, 'base64url');
  const [found, id] = [bytes.subarray(0, 8), bytes.subarray(8).toString()];
  return id.length > 0 && found.equals(check(id, organization)) ? id : undefined;
}

function check(id: string, organization: string): Buffer {
  const hash = createHash('sha256');
  for (const part of [`ORG#${organization}#PROJECT`, id]) {
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(Buffer.byteLength(part)));
    hash.update(length).update(part);
  }
  return hash.digest().subarray(0, 8);
}
