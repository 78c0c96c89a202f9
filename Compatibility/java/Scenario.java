// What a scenario is: something done with clients, and what they saw.
package compatibility;

/** Gives what its clients saw, as maps, lists, strings and numbers; throws when it cannot go on. */
interface Scenario {
    Object run(Client client) throws Exception;
}
