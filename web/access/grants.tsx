import { type Grant, revokeGrant } from "./access-api.ts";
import { day } from "./day.ts";
import { TwoStepButton } from "./two-step-button.tsx";

export interface GrantsProps {
  readonly grants: readonly Grant[];
  readonly changed: () => void;
}

/** The agents that the person signed in, and the way to end the access of each. */
export function Grants({ grants, changed }: GrantsProps) {
  const revoke = async (grant: Grant): Promise<void> => {
    await revokeGrant(grant);
    changed();
  };
  return (
    <section aria-labelledby="grants-title">
      <h2 id="grants-title">Agents you signed in</h2>
      {grants.length === 0 ? (
        <p className="quiet">None. A new one may take a minute to appear here.</p>
      ) : (
        <ul className="access-list">
          {grants.map((grant) => (
            <li key={grant.id}>
              <div className="access-what">
                <bdi className="access-name">{grant.client || "An agent without a name"}</bdi>
                <span className="quiet">
                  at <bdi>{grant.redirectHost}</bdi> · for <bdi>{placeOf(grant)}</bdi> · since{" "}
                  {day(grant.createdAt)}
                  {grant.expiresAt !== undefined && `, until ${day(grant.expiresAt)} unless it is used`}
                </span>
              </div>
              <div className="access-actions">
                <TwoStepButton
                  label="Revoke"
                  question="It will have no access. Revoke?"
                  of={grant.client || grant.redirectHost}
                  act={() => revoke(grant)}
                />
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** What its tokens are for: the path alone, where it is this worker's. */
function placeOf({ resource }: Grant): string {
  if (!URL.canParse(resource)) return resource;
  const { origin, pathname } = new URL(resource);
  return origin === location.origin ? pathname : resource;
}
