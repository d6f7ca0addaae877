// Which page is asked for, and the cursor to the next one: the same bytes as the service's.

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

/** The cursor to what comes after the project with this id. */
export function cursor(id: string, organization: string): string {
  const bytes = Buffer.from(id.replaceAll('-', ''), 'hex');
  return Buffer.concat([bytes, check(bytes, organization)]).toString('base64url');
}

function open(cursor: string, organization: string): string | undefined {
  const bytes = Buffer.from(cursor, 'base64url');
  const [id, found] = [bytes.subarray(0, 16), bytes.subarray(16)];
  if (id.length < 16 || !found.equals(check(id, organization))) return undefined;
  return id.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function check(id: Buffer, organization: string): Buffer {
  return createHash('sha256').update('projects-cursor').update(id).update(organization).digest().subarray(0, 8);
}
