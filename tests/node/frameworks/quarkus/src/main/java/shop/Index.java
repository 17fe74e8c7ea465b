package shop;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;

@Path("/")
public class Index {
    @GET
    public String index() {
        return "quarkus answers";
    }
}
