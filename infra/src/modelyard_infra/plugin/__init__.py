"""What every plugin of Pulumi's needs: values on the wire, a server that ends with the engine; the language host."""
