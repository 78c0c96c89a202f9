// Stands in for a class of Jetty 12 that Connect's REST server loads and never uses: the wheel that scripts/setup takes
// the jars from has Jetty 9's in its place.
package org.eclipse.jetty.security;

import org.eclipse.jetty.server.Handler;

public abstract class SecurityHandler extends Handler.Wrapper {
    public abstract static class PathMapped extends SecurityHandler {}
}
